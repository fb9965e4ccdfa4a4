import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openKeyring } from "../../src/keyring/io/open-keyring.ts";
import { formatDayKey } from "../../src/seal/day-key-name.ts";
import {
  type DrillLogs,
  drillClock,
  drillKeys,
  findFaults,
  ingestArguments,
  killAndRunAgain,
  openDrillStore,
  writeDrillLogs,
} from "../support/kill-drill.ts";
import { runHostlog } from "../support/run-hostlog.ts";

/** A few instants on every run of the tests; `test/long/kill.test.ts` has two hundred. */
const INSTANTS = 4;

describe("hostlog ingest, killed with SIGKILL and run again", () => {
  let logs: DrillLogs;
  let wholeRunMs: number;

  beforeAll(async () => {
    logs = await writeDrillLogs(2000);
    const store = join(logs.folder, "store-whole");
    const options = await openDrillStore(logs, store);
    const startedAt = performance.now();
    const whole = await runHostlog(ingestArguments(logs, store), options);
    wholeRunMs = performance.now() - startedAt;
    expect(whole).toMatchObject({ status: 0 });
    expect(await findFaults(logs, store)).toEqual([]);
  }, 120_000);

  afterAll(() => rm(logs.folder, { recursive: true, force: true }));

  it("ends with each line exactly once", { timeout: 120_000 }, async () => {
    for (let i = 0; i < INSTANTS; i++) {
      const killAfterMs = wholeRunMs * (0.4 + (0.6 * i) / INSTANTS);
      const { faults } = await killAndRunAgain(logs, `quick-${i}`, killAfterMs);
      expect(faults, `killed after ${killAfterMs} ms`).toEqual([]);
    }
  });
});

describe("the first hostlog ingest into a folder, killed while it makes the keys", () => {
  let logs: DrillLogs;

  beforeAll(async () => {
    logs = await writeDrillLogs(100);
    return () => rm(logs.folder, { recursive: true });
  });

  // Early in the making of months, and behind the last: what is published comes then. The long test has all instants.
  it.each([5, 33])(
    "has each key once when %i files are there, and seals for them",
    async (files) => {
      const store = join(logs.folder, `store-${files}`);
      const keys = drillKeys(store);
      const options = { directory: logs.folder, environment: { HOSTLOG_KEYS: keys } };
      const killing = new AbortController();
      const first = runHostlog(ingestArguments(logs, store), { ...options, killOn: killing.signal });
      const over = first.then(() => "over");
      while ((await filesBelow(keys)) < files && (await Promise.race([over, delay(1)])) !== "over");
      killing.abort();
      expect(await first).toMatchObject({ signal: "SIGKILL" });

      const again = await runHostlog(ingestArguments(logs, store), options);
      expect(again.status, again.stderr).toBe(0);
      expect(await findFaults(logs, store)).toEqual([]);
      const [storeId = ""] = (await readdir(keys)).filter((name) => !name.startsWith("."));
      const entries = (await (await openKeyring(join(keys, storeId)))?.entries()) ?? [];
      expect(entries.length).toBeGreaterThan(800);
      expect(new Set(entries.map(formatDayKey)).size).toBe(entries.length);
      const words = ["keys", "verify", "--config", logs.config, "--store", store, ...drillClock];
      const verified = await runHostlog(words, options);
      expect([verified.status, verified.stdout.match(/^!/gm)], verified.stdout).toEqual([0, null]);
      expect(verified.stdout).toContain(`${entries.length} keys kept, 0 keys destroyed`);
      expect(new Set(entries.map(({ recipient }) => recipient)).size).toBe(entries.length);
    },
    60_000,
  );
});

async function filesBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).length;
}
