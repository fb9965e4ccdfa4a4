import { randomInt, randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { openS3Store } from "../../src/store/s3-store.ts";
import { listKeys } from "../support/list-keys.ts";
import { controlServer, realPlace, realSettings, type ServerPart } from "../support/real-s3.ts";
import { checkLoad, type LoadResult, startWriteLoad } from "../support/write-load.ts";

const WRITERS = 8;

/** Short, so that attempts are given up while the server is paused; long enough for a server to come back. */
const patience = { attemptMs: 2000, budgetMs: 60_000, firstDelayMs: 100 };

/** An attempt that began at the end of the budget, the time that 60 KB may take, and a busy machine. */
const LONGEST_MS = patience.budgetMs + patience.attemptMs + 5000;

/** None of these ever happens. */
const nothing = { lost: [], wrong: [], alien: [], mistaken: [], broken: [] };

const crashes = (part: ServerPart, rounds: number) =>
  Array.from({ length: rounds }, () => ({
    name: `killing ${part}`,
    harm: async () => {
      await controlServer("crash", part);
      await controlServer("start");
    },
  }));

const pauses = (part: ServerPart, pausesMs: readonly number[]) =>
  pausesMs.map((pauseMs) => ({
    name: `pausing ${part} for ${pauseMs / 1000} s`,
    harm: async () => {
      await controlServer("pause", part);
      await delay(pauseMs);
      await controlServer("resume", part);
    },
  }));

const rounds = [
  ...crashes("rgw", 5),
  ...crashes("osd", 4),
  ...crashes("mon", 2),
  ...crashes("all", 5),
  ...pauses("rgw", [1000, 3000, 5000, 7000]),
  ...pauses("osd", [1000, 3000, 5000, 7000]),
];

describe("a real server that fails while eight write", () => {
  const results: LoadResult[] = [];

  it.each(rounds.map((round, index) => ({ ...round, number: index + 1 })))(
    "loses nothing that was acknowledged: round $number, $name",
    async ({ harm }) => {
      const { bucket, prefix } = realPlace();
      const root = { bucket, prefix: `${prefix}/${randomUUID()}` };
      const load = startWriteLoad(await openS3Store(root, realSettings, patience), WRITERS);
      // At any instant of a writing server, not of one that is getting up to speed.
      await load.more(randomInt(100, 300));
      const harmedMs = performance.now();
      await harm();
      const mendedMs = performance.now();
      await load.more(100);
      const written = await load.stop();

      const reader = await openS3Store(root, realSettings);
      const result = await checkLoad(reader, written);
      results.push(result);
      expect(await reader.remove(await listKeys(reader))).toEqual([]);
      expect(result).toMatchObject(nothing);
      expect(Math.max(...written.map((one) => one.endedMs - one.startedMs))).toBeLessThan(LONGEST_MS);
      const hit = written.filter((one) => one.startedMs < mendedMs && one.endedMs > harmedMs);
      expect(hit.length, "nobody wrote while the server failed, so nothing was shown").toBeGreaterThan(0);
    },
  );

  afterAll(async () => {
    // Whatever a round that failed left of the server.
    await controlServer("start");
    const sum = (of: (result: LoadResult) => readonly string[]): number =>
      results.reduce((before, result) => before + of(result).length, 0);
    process.stdout.write(
      `${results.length} rounds: ${sum((one) => one.created)} acknowledged, ${sum((one) => one.lost)} lost, ` +
        `${sum((one) => one.wrong)} wrong; ${sum((one) => one.unsure)} not acknowledged, ` +
        `${sum((one) => one.storedUnsure)} of them stored\n`,
    );
  });
});
