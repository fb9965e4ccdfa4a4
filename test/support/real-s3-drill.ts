import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { inParallel } from "../../src/in-parallel.ts";
import { openS3Store } from "../../src/store/s3-store.ts";
import { type DrillLogs, drillClock, drillSettings, findFaults, ingestArguments } from "./kill-drill.ts";
import { listKeys } from "./list-keys.ts";
import { awsEnvironment, realSettings } from "./real-s3.ts";
import { type Finished, runHostlog } from "./run-hostlog.ts";

const NODE = "web01";
const LOOK_MS = 50;

/** One import into a store of its own on the real server, with a state folder of its own. */
export interface ImportDrill {
  /** Runs `hostlog ingest`, and kills it when the signal is aborted. */
  ingest(killOn?: AbortSignal): Promise<Finished>;
  /** Resolves once so many of its batches are committed, or the run is over. */
  committed(batches: number, run: Promise<unknown>): Promise<void>;
  /** Why the store does not hold each line exactly once, by `hostlog verify` and by counting; empty when it does. */
  findFaults(): Promise<readonly string[]>;
  /** Removes what was stored. */
  end(): Promise<void>;
}

export async function startImportDrill(
  logs: DrillLogs,
  place: { readonly bucket: string; readonly prefix: string },
): Promise<ImportDrill> {
  const folder = await mkdtemp(join(logs.folder, "drill-"));
  const config = join(folder, "hostlog.yaml");
  await writeFile(config, `node: ${NODE}\nstate: ${join(folder, "state")}\n${drillSettings}`);
  const url = `s3://${place.bucket}/${place.prefix}`;
  const keys = join(folder, "keys");
  const options = { directory: folder, environment: { ...awsEnvironment(), HOSTLOG_KEYS: keys } };
  const made = await runHostlog(
    ["init", "--small", "--config", config, "--store", url, ...drillClock],
    options,
  );
  if (made.status !== 0) throw new Error(`hostlog init ended with ${made.status}: ${made.stderr}`);
  return {
    ingest: (killOn) =>
      runHostlog(ingestArguments({ ...logs, config }, url), {
        ...options,
        ...(killOn === undefined ? {} : { killOn }),
      }),
    async committed(batches, run) {
      const store = await openS3Store(place, realSettings);
      const over = run.then(() => "over");
      while ((await listKeys(store, `ledger/chains/${NODE}/`)).length < batches) {
        if ((await Promise.race([over, delay(LOOK_MS)])) === "over") return;
      }
    },
    async findFaults() {
      const verified = await runHostlog(["verify", "--read", "--config", config, "--store", url], options);
      if (verified.status !== 0)
        return [`verify ended with ${verified.status}: ${verified.stdout}${verified.stderr}`];
      const copy = join(folder, "copy");
      await copyStore(place, copy);
      return findFaults(logs, copy, keys);
    },
    async end() {
      const store = await openS3Store(place, realSettings);
      const failures = await store.remove(await listKeys(store));
      await rm(folder, { recursive: true });
      if (failures.length > 0) throw new Error(`${failures.length} objects could not be removed`);
    },
  };
}

/** All roots, as a store in a folder. */
async function copyStore(
  place: { readonly bucket: string; readonly prefix: string },
  folder: string,
): Promise<void> {
  const store = await openS3Store(place, realSettings);
  await mkdir(folder, { mode: 0o700 });
  await inParallel(await listKeys(store), 8, async (key) => {
    const path = join(folder, key);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, await store.read(key), { mode: 0o600 });
  });
}
