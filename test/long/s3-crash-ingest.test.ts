import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import { type DrillLogs, writeDrillLogs } from "../support/kill-drill.ts";
import { controlServer, realPlace, type ServerPart } from "../support/real-s3.ts";
import { startImportDrill } from "../support/real-s3-drill.ts";
import type { Finished } from "../support/run-hostlog.ts";

/** A thousand lines are a batch. */
const LINES_PER_FILE = 6000;

/** An import that does not come to its end in so many runs never will. */
const RUNS_MAX = 5;

const crash = (part: ServerPart) => ({
  harm: () => controlServer("crash", part),
  mend: () => controlServer("start"),
});
const pause = (part: ServerPart) => ({
  harm: () => controlServer("pause", part),
  mend: () => controlServer("resume", part),
});

const rounds = [
  { name: "the gateway is killed", ...crash("rgw"), atBatch: 4, awayMs: 1000, isKilled: false },
  {
    name: "the disk is killed, and the import then",
    ...crash("osd"),
    atBatch: 6,
    awayMs: 1000,
    isKilled: true,
  },
  {
    name: "the gateway hangs, and the import is killed",
    ...pause("rgw"),
    atBatch: 8,
    awayMs: 2000,
    isKilled: true,
  },
  { name: "the disk hangs", ...pause("osd"), atBatch: 5, awayMs: 4000, isKilled: false },
  { name: "all is killed, and the import then", ...crash("all"), atBatch: 7, awayMs: 500, isKilled: true },
  { name: "all is killed", ...crash("all"), atBatch: 3, awayMs: 500, isKilled: false },
];

describe("hostlog ingest to a real server", () => {
  let logs: DrillLogs;

  beforeAll(async () => {
    logs = await writeDrillLogs(LINES_PER_FILE);
    return () => rm(logs.folder, { recursive: true });
  });

  it.each(rounds)(
    "stores each line exactly once when $name",
    async ({ harm, mend, atBatch, awayMs, isKilled }) => {
      const { bucket, prefix } = realPlace();
      const drill = await startImportDrill(logs, { bucket, prefix: `${prefix}/${randomUUID()}` });
      const killing = new AbortController();
      let isOver = false;
      const first = drill.ingest(killing.signal).finally(() => {
        isOver = true;
      });
      await drill.committed(atBatch, first);
      await harm();
      try {
        expect(isOver, "it was over before the server failed").toBe(false);
        await delay(awayMs);
        if (isKilled) killing.abort();
        if (isKilled) expect(await first).toMatchObject({ signal: "SIGKILL" });
      } finally {
        await mend();
      }
      let run: Finished = await first;
      for (let runs = 1; run.status !== exitCode.ok && runs < RUNS_MAX; runs++) {
        if (run.signal === null) expect(run.status, run.stderr).toBe(exitCode.tryAgain);
        run = await drill.ingest();
      }
      expect(run.status, run.stderr).toBe(exitCode.ok);
      expect(await drill.findFaults()).toEqual([]);
      await drill.end();
    },
  );
});
