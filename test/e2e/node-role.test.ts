import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { combinedLine } from "../support/log-lines.ts";
import { nodeMay, storesOfNodeMay } from "../support/node-may.ts";
import { type Finished, programEnvironment, runHostlog } from "../support/run-hostlog.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { startWarmHostlog, type WarmHostlog } from "../support/warm-hostlog.ts";

const program = fileURLToPath(new URL("../../dist/src/main.js", import.meta.url));
const credentials = { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "secret" };
const now = "2026-02-04";
let hostlog: WarmHostlog;
/** What whoever set up the store has published, which a node cannot; and the keys, which no node has. */
let published: ReadonlyMap<string, Buffer>;
let keys: string;

beforeAll(async () => {
  hostlog = startWarmHostlog();
  const server = await startS3Server();
  keys = await mkdtemp(join(tmpdir(), "hostlog-test-"));
  await writeFile(join(keys, "hostlog.yaml"), settings(server, keys));
  const made = await runHostlog(["init", "--small", "--config", "hostlog.yaml", "--now", now], {
    directory: keys,
    environment: { ...credentials, HOSTLOG_KEYS: keys },
  });
  expect(made.status, made.stderr).toBe(0);
  published = new Map(server.objects);
  await server.close();
  return async () => {
    await hostlog.end();
    await rm(keys, { recursive: true });
  };
}, 60_000);

function settings(server: S3Server, folder: string): string {
  const own = ["node: web01", `state: ${join(folder, "state")}`, "classes: { standard: 30d }"];
  return [...own, ...storesOfNodeMay(server.endpoint)].join("\n");
}

interface World {
  readonly server: S3Server;
  /** A log of one day with five good lines and one that cannot be read. */
  writeLog(round: number): Promise<string>;
  run(...args: readonly string[]): Promise<Finished>;
  /** The same where the keys are. */
  runByKeys(...args: readonly string[]): Promise<Finished>;
  /** What waits in the spool. */
  spooled(): Promise<readonly string[]>;
  /** Runs it, and kills it when the server has been asked for so many puts. True when it came to that. */
  runUntilPut(put: number, ...args: readonly string[]): Promise<boolean>;
}

async function openWorld(): Promise<World> {
  const server = await startS3Server();
  onTestFinished(() => server.close());
  const folder = await temporaryFolder();
  const config = join(folder, "hostlog.yaml");
  await writeFile(config, settings(server, folder));
  for (const [name, body] of published) server.objects.set(name, body);
  const argumentsOf = ([command, ...rest]: readonly string[]): readonly string[] => [
    command ?? "",
    "--config",
    config,
    "--now",
    now,
    ...rest,
  ];
  const environment = { ...credentials, HOSTLOG_KEYS: join(folder, "nobody's") };
  const byKeys = { ...credentials, HOSTLOG_KEYS: keys };
  const runByKeys: World["runByKeys"] = (...args) =>
    hostlog.run(argumentsOf(args), { directory: folder, environment: byKeys });
  const { id } = JSON.parse(String(server.objects.get("bucket-published/logs/store.json"))) as { id: string };
  return {
    server,
    runByKeys,
    spooled: () => readdir(join(folder, "state", "spool", id, "web01")),
    async writeLog(round) {
      const path = join(folder, `access-${round}.log`);
      const line = (number: number): string =>
        combinedLine({
          ms: Date.UTC(2026, 1, 3, 12, round, number),
          request: `GET /round/${round}/line/${number} HTTP/1.1`,
        });
      const lines = [1, 2, 3, 4, 5].map(line);
      await writeFile(path, `${[...lines, `unreadable line of round ${round}`].join("\n")}\n`);
      return path;
    },
    run: (...args) => hostlog.run(argumentsOf(args), { directory: folder, environment }),
    async runUntilPut(put, ...args) {
      const child = spawn(process.execPath, [program, ...argumentsOf(args)], {
        cwd: folder,
        env: programEnvironment(folder, environment),
        stdio: "ignore",
      });
      let puts = 0;
      server.may = (operation, name, query) => {
        if (operation === "PutObject" && ++puts === put) child.kill("SIGKILL");
        return nodeMay(operation, name, query);
      };
      const [, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
      server.may = nodeMay;
      return signal === "SIGKILL";
    },
  };
}

describe("hostlog ingest with a node's own rights", () => {
  it("stores its lines, and needs no other right than those", async () => {
    const { server, run, writeLog } = await openWorld();
    server.hidesMissing = true;
    const denied: string[] = [];
    server.may = (operation, name, query) => {
      const isAllowed = nodeMay(operation, name, query);
      if (!isAllowed) denied.push(`${operation} ${name}`);
      return isAllowed;
    };
    const log = await writeLog(0);
    for (const expected of [6, 0]) {
      const finished = await run("ingest", "--output", "json", log);
      expect(finished.status, finished.stderr).toBe(0);
      expect(JSON.parse(finished.stdout)).toMatchObject({ lines: expected });
    }
    expect(denied).toEqual([]);
  });

  it("ends with every line stored once when it is killed at any put and run again", async () => {
    const { server, run, runByKeys, runUntilPut, writeLog, spooled } = await openWorld();
    server.hidesMissing = true;
    server.may = nodeMay;
    // What is put once and for all comes with the first.
    const first = await run("ingest", await writeLog(0));
    expect(first.status, first.stderr).toBe(0);
    let rounds = 1;
    for (let wasKilled = true; wasKilled; rounds++) {
      const log = await writeLog(rounds);
      wasKilled = await runUntilPut(rounds, "ingest", log);
      const again = await run("ingest", log);
      expect(again.status, again.stderr).toBe(0);
      expect(rounds).toBeLessThan(20);
    }
    // Three objects, the manifest and the record, each of them once; and once none.
    expect(rounds).toBe(7);
    expect(await spooled()).toEqual([]);

    server.may = () => true;
    const verified = await run("verify", "--read", "--output", "json");
    expect(verified.status, verified.stderr).toBe(0);
    expect((JSON.parse(verified.stdout) as { findings: unknown[] }).findings).toEqual([]);
    const found = await runByKeys("query", "--from", "2026-02-03", "--columns", "path");
    expect(found.status, found.stderr).toBe(0);
    const paths = found.stdout.trim().split("\n");
    expect(paths).toHaveLength(rounds * 5);
    expect(new Set(paths).size).toBe(rounds * 5);
  }, 180_000);

  it("does not send to its end what has passed its term meanwhile, and says what to remove of it", async () => {
    const { server, run, runUntilPut, writeLog, spooled } = await openWorld();
    server.hidesMissing = true;
    server.may = nodeMay;
    expect((await run("ingest", await writeLog(0))).status).toBe(0);
    const stored = new Set(server.objects.keys());
    const log = await writeLog(1);
    // The manifest, the last of three objects, perhaps the others; and no record.
    expect(await runUntilPut(4, "ingest", log)).toBe(true);
    const left = [...server.objects.keys()].filter((name) => !stored.has(name));
    expect(left.length).toBeGreaterThan(1);
    expect(left.filter((name) => name.startsWith("bucket-ledger/"))).toEqual([
      expect.stringContaining("/manifests/web01/"),
    ]);
    const later = ["ingest", log, "--output", "json", "--now", "2026-06-04"];
    const refused = await run(...later);
    expect(refused.status, refused.stderr).toBe(3);
    for (const name of left) expect(refused.stderr).toContain(`s3://${name}`);
    for (const name of left) server.objects.delete(name);
    const again = await run(...later);
    expect(again.status, again.stderr).toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject({ lines: 6, refused: 6 });
    expect(await spooled()).toEqual([]);
    server.may = () => true;
    const verified = await run("verify", "--read", "--output", "json");
    expect((JSON.parse(verified.stdout) as { findings: unknown[] }).findings, verified.stderr).toEqual([]);
  }, 60_000);
});
