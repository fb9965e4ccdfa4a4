import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type DrillLogs,
  ingestArguments,
  killAndRunAgain,
  openDrillStore,
  writeDrillLogs,
} from "../support/kill-drill.ts";
import { runHostlog } from "../support/run-hostlog.ts";

const INSTANTS = 200;
/** Of the program that records a batch before it has synced it, so many must be enough to see it fail. */
const BROKEN_INSTANTS = 40;
const broken = fileURLToPath(new URL("../support/record-before-sync.mjs", import.meta.url));

describe("hostlog ingest, killed with SIGKILL at instants spread over the run, and run again", () => {
  let logs: DrillLogs;

  beforeAll(async () => {
    logs = await writeDrillLogs(2000);
  });

  afterAll(() => rm(logs.folder, { recursive: true, force: true }));

  /** How long a run takes, so that the instants are spread over all of it. */
  async function measure(script?: string): Promise<number> {
    const store = join(logs.folder, `store-measured-${script === undefined ? "whole" : "broken"}`);
    const options = { ...(await openDrillStore(logs, store)), ...(script === undefined ? {} : { script }) };
    const startedAt = performance.now();
    expect(await runHostlog(ingestArguments(logs, store), options)).toMatchObject({ status: 0 });
    return performance.now() - startedAt;
  }

  it("ends with each line exactly once, at each of 200 instants", async () => {
    const wholeRunMs = await measure();
    let killed = 0;
    for (let i = 0; i < INSTANTS; i++) {
      const killAfterMs = (wholeRunMs * (i + 1)) / INSTANTS;
      const { wasKilled, faults } = await killAndRunAgain(logs, `instant-${i}`, killAfterMs);
      expect(faults, `killed after ${killAfterMs.toFixed(0)} of ${wholeRunMs.toFixed(0)} ms`).toEqual([]);
      if (wasKilled) killed++;
    }
    // Runs differ in speed; if most had ended before they were killed, nothing was shown.
    expect(killed).toBeGreaterThan(INSTANTS / 2);
  });

  it("would notice a program that records a batch before it has synced it", async () => {
    const wholeRunMs = await measure(broken);
    let faulty = 0;
    for (let i = 0; i < BROKEN_INSTANTS && faulty === 0; i++) {
      const killAfterMs = (wholeRunMs * (0.4 * BROKEN_INSTANTS + 0.6 * i)) / BROKEN_INSTANTS;
      const { faults } = await killAndRunAgain(logs, `broken-${i}`, killAfterMs, broken);
      if (faults.length > 0) faulty++;
    }
    expect(faulty).toBeGreaterThan(0);
  });
});
