import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type DrillLogs,
  findFaults,
  ingestArguments,
  killAndRunAgain,
  writeDrillLogs,
} from "../support/kill-drill.ts";
import { runHostlog } from "../support/run-hostlog.ts";

/** A few instants on every run of the tests; `test/long/kill.test.ts` has two hundred. */
const INSTANTS = 4;

describe("hostlog ingest, killed with SIGKILL and run again", () => {
  let logs: DrillLogs;
  let wholeRunMs: number;

  beforeAll(async () => {
    logs = await writeDrillLogs(4000);
    const store = join(logs.folder, "store-whole");
    const startedAt = performance.now();
    const whole = await runHostlog(ingestArguments(logs, store), { directory: logs.folder });
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
