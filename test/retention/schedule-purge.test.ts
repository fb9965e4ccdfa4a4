import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createFileJournal } from "../../retention/io/file-journal.ts";
import { readLastPurge, writeLastPurge } from "../../retention/io/last-purge.ts";
import { schedulePurge } from "../../retention/io/schedule-purge.ts";
import { purgeBatches } from "../../retention/purge-batches.ts";
import { exitCode } from "../../src/exit-code.ts";
import { keyOf } from "../support/purge-objects.ts";
import { createPurgeWorld, planOfWorld } from "../support/purge-world.ts";

describe("schedulePurge", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it("makes up for a missed run at once", async () => {
    const controller = new AbortController();
    let runs = 0;
    const run = async (): Promise<void> => {
      runs++;
      controller.abort();
    };
    await schedulePurge({ expression: "17 2 * * *", isMissed: true, run, signal: controller.signal });
    expect(runs).toBe(1);
  });

  it("runs at the scheduled times in UTC, and not before when nothing was missed", async () => {
    vi.useFakeTimers({ now: Date.parse("2026-11-22T01:00:00Z") });
    const controller = new AbortController();
    const times: string[] = [];
    const run = async (): Promise<void> => {
      times.push(new Date().toISOString().slice(0, 16));
    };
    const ended = schedulePurge({
      expression: "17 2 * * *",
      isMissed: false,
      run,
      signal: controller.signal,
    });
    await vi.advanceTimersByTimeAsync(50 * 3_600_000);
    controller.abort();
    await ended;
    expect(times).toEqual(["2026-11-22T02:17", "2026-11-23T02:17", "2026-11-24T02:17"]);
  });

  it("never runs two at a time", async () => {
    vi.useFakeTimers({ now: Date.parse("2026-11-22T01:00:00Z") });
    const controller = new AbortController();
    let running = 0;
    let most = 0;
    let runs = 0;
    const run = async (): Promise<void> => {
      runs++;
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 150 * 60_000));
      running--;
    };
    const ended = schedulePurge({ expression: "0 * * * *", isMissed: false, run, signal: controller.signal });
    await vi.advanceTimersByTimeAsync(10 * 3_600_000);
    controller.abort();
    await vi.advanceTimersByTimeAsync(3 * 3_600_000);
    await ended;
    expect(most).toBe(1);
    expect(runs).toBeGreaterThan(2);
  });

  it("waits for the run that is under way when it is told to end", async () => {
    vi.useFakeTimers({ now: Date.parse("2026-11-22T02:16:30Z") });
    const controller = new AbortController();
    let isDone = false;
    const run = async (): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 10_000));
      isDone = true;
    };
    const ended = schedulePurge({
      expression: "17 2 * * *",
      isMissed: false,
      run,
      signal: controller.signal,
    });
    await vi.advanceTimersByTimeAsync(35_000);
    controller.abort();
    await vi.advanceTimersByTimeAsync(10_000);
    await ended;
    expect(isDone).toBe(true);
  });

  it("ends with the bug that a run throws", async () => {
    vi.useFakeTimers({ now: Date.parse("2026-11-22T02:16:30Z") });
    const { signal } = new AbortController();
    const ended = schedulePurge({
      expression: "17 2 * * *",
      isMissed: false,
      run: () => Promise.reject(new TypeError("a bug")),
      signal,
    });
    const outcome = expect(ended).rejects.toThrow("a bug");
    await vi.advanceTimersByTimeAsync(60_000);
    await outcome;
  });
});

describe("the state directory", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "hostlog-retention-"));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it("remembers the last purge that left nothing undone", async () => {
    const inner = join(folder, "state");
    expect(await readLastPurge(inner)).toBeUndefined();
    await writeLastPurge(inner, 1_795_313_820_000);
    expect(await readLastPurge(inner)).toBe(1_795_313_820_000);
  });

  it("takes a damaged memory for none", async () => {
    for (const text of ["", "{", '{"version":1,"at":"yesterday"}', "null"]) {
      await writeFile(join(folder, "last-purge.json"), text);
      expect(await readLastPurge(folder)).toBeUndefined();
    }
  });

  it("keeps a journal of what is begun until it is settled", async () => {
    const world = await createPurgeWorld({
      raw: [keyOf("raw", "2024-11-20")],
      analytics: [keyOf("analytics", "2024-11-20")],
    });
    const [first, second] = purgeBatches(await planOfWorld(world));
    if (first === undefined || second === undefined) throw new Error("two batches are due");
    const journal = createFileJournal(folder);
    expect(await journal.read()).toEqual([]);
    await journal.begin({ ...world.stamp, batch: first });
    await journal.begin({ ...world.stamp, batch: second });
    expect(await createFileJournal(folder).read()).toEqual([
      { ...world.stamp, batch: first },
      { ...world.stamp, batch: second },
    ]);
    await journal.settle(first);
    expect(await journal.read()).toEqual([{ ...world.stamp, batch: second }]);
  });

  it("does not guess what a damaged journal meant", async () => {
    const journal = createFileJournal(folder);
    const world = await createPurgeWorld({ raw: [keyOf("raw", "2024-11-20")] });
    const [batch] = purgeBatches(await planOfWorld(world));
    if (batch === undefined) throw new Error("a batch is due");
    await journal.begin({ ...world.stamp, batch });
    await writeFile(join(folder, "journal", "raw_2024-11-20.json"), "{}");
    await expect(journal.read()).rejects.toMatchObject({ exitCode: exitCode.integrity });
  });
});
