import { setTimeout as delay } from "node:timers/promises";
import { lastPurgeTimeMs } from "../../config/purge-times.ts";
import { schedulePurge } from "../../retention/io/schedule-purge.ts";
import { foldRetention } from "../../retention/retention-state.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { readControl } from "../ledger/read-control.ts";
import type { CommonOptions, Context, OpenContext } from "./context.ts";
import { makeCheckpoint } from "./ledger-checkpoint.ts";
import { runAndMeasure } from "./retention-status.ts";

export interface ScheduleOptions extends CommonOptions {
  readonly metrics?: string;
}

/** `retention schedule`: runs at the config's times until it is told to end. */
export async function runOnSchedule(openContext: OpenContext, options: ScheduleOptions): Promise<void> {
  const context = await openContext(options);
  const { config, nowMs, nowIsArgument, signal, stderr } = context;
  if (nowIsArgument) {
    throw new UserError("a schedule needs the real clock: use retention run with --now", exitCode.usage);
  }
  const expression = config.retentionSchedule;
  const lastMs = await lastRunMs(context);
  stderr.write(`retention: runs at ${expression} (UTC), checkpoints at ${CHECKPOINTS}\n`);
  // Opened anew each time, for the clock of that time and for a config that has changed.
  const purges = schedulePurge({
    expression,
    isMissed: lastMs === undefined || lastMs < lastPurgeTimeMs(expression, nowMs),
    signal,
    run: () =>
      untilDone(signal, () =>
        bearing("retention", stderr, async () => runAndMeasure(await openContext(options), options)),
      ),
  });
  const checkpoints = schedulePurge({
    expression: CHECKPOINTS,
    isMissed: false,
    signal,
    run: async () => {
      await bearing("checkpoint", stderr, async () => makeCheckpoint(await openContext(options)));
    },
  });
  await Promise.all([purges, checkpoints]);
}

/** Hourly, at a minute at which nights do not begin. */
const CHECKPOINTS = "41 * * * *";

/** So long after a run for which it was not the time another one is tried: what is due is to be gone within a day. */
const RETRY_MS = 10 * 60_000;

/** Runs it again until it could do its work, or is told to end. */
async function untilDone(signal: AbortSignal, act: () => Promise<"done" | "try-again">): Promise<void> {
  while ((await act()) === "try-again" && !signal.aborted) {
    await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** A full disk or a store that is away must not end the schedule; a mistake in the program must. */
async function bearing(
  what: string,
  stderr: NodeJS.WritableStream,
  act: () => Promise<void>,
): Promise<"done" | "try-again"> {
  try {
    await act();
    return "done";
  } catch (error) {
    if (!(error instanceof UserError || (error instanceof Error && "syscall" in error))) throw error;
    stderr.write(`${what}: ${error.message} (at the latest, the next scheduled run tries again)\n`);
    return error instanceof UserError && error.exitCode === exitCode.tryAgain ? "try-again" : "done";
  }
}

/** Undefined where that cannot be found out: then a run says why. */
async function lastRunMs(context: Context): Promise<number | undefined> {
  try {
    const ledger = await context.openRoot("ledger");
    const { records, writers } = await readControl(ledger, context.config.ledger.keys);
    return foldRetention(records, writers).lastRunMs;
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
