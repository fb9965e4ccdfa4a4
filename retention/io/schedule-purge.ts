import { createTask } from "node-cron";

/** Said by {@link schedulePurge} to whoever reads its log. */
export interface PurgeSchedule {
  /** A cron expression in UTC that comes on every day. */
  readonly expression: string;
  /** True when a run was due since the last one that left nothing undone. */
  readonly isMissed: boolean;
  /** Runs a purge and reports its trouble. A throw is a bug and ends the schedule. */
  readonly run: () => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Runs a missed purge at once, then at the scheduled times, never two at a time, until the signal aborts; a
 * run that has begun is waited for. Times that the machine slept through are made up for when it wakes.
 */
export async function schedulePurge({ expression, isMissed, run, signal }: PurgeSchedule): Promise<void> {
  if (signal.aborted) return;
  if (isMissed) await run();
  let running: Promise<void> | undefined;
  await new Promise<void>((resolve, reject) => {
    const tick = async (): Promise<void> => {
      if (running !== undefined || signal.aborted) return;
      running = run().finally(() => {
        running = undefined;
      });
      await running.catch(reject);
    };
    const task = createTask(expression, tick, {
      timezone: "UTC",
      noOverlap: true,
      suppressMissedWarning: true,
      logger: silent,
    });
    const end = (): void => resolve(Promise.resolve(task.destroy()).then(() => running));
    task.on("execution:missed", tick);
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
    else void task.start();
  });
}

/** What it would say is about the library's own affairs; trouble of a run is reported by the run. */
const silent = { info() {}, warn() {}, error() {}, debug() {} };
