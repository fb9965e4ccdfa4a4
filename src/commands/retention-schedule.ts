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
    run: () => bearing("retention", stderr, async () => runAndMeasure(await openContext(options), options)),
  });
  const checkpoints = schedulePurge({
    expression: CHECKPOINTS,
    isMissed: false,
    signal,
    run: () => bearing("checkpoint", stderr, async () => makeCheckpoint(await openContext(options))),
  });
  await Promise.all([purges, checkpoints]);
}

/** Hourly, at a minute at which nights do not begin. */
const CHECKPOINTS = "41 * * * *";

/** A full disk or a store that is away must not end the schedule; a mistake in the program must. */
async function bearing(what: string, stderr: NodeJS.WritableStream, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof UserError || (error instanceof Error && "syscall" in error))) throw error;
    stderr.write(`${what}: ${error.message} (at the latest, the next scheduled run tries again)\n`);
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
