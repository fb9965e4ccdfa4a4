import { afterEach, describe, expect, it, vi } from "vitest";
import { schedulePurge } from "../../retention/io/schedule-purge.ts";

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
