import { renderStatusJson, renderStatusText } from "../../retention/render-status.ts";
import { type RetentionStatus, retentionStatus } from "../../retention/retention-status.ts";
import { renderStatusMetrics } from "../../retention/status-metrics.ts";
import { dayOfMs } from "../day.ts";
import { writeDurably } from "../durable-file.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { foldHolds, isLive } from "../holds/hold-state.ts";
import { readControl } from "../ledger/read-control.ts";
import { formatDayKey } from "../seal/day-key-name.ts";
import { readStoreIdentity } from "../store-identity.ts";
import { terminalLines } from "../terminal-text.ts";
import type { CommonOptions, Context } from "./context.ts";
import { runningStamp } from "./ledger-lease.ts";
import { outstandingExports, whatIsForgotten } from "./outstanding-exports.ts";
import { alarmsOfHolds } from "./retention-holds.ts";
import type { OutputOptions } from "./retention-options.ts";
import { runRetention } from "./retention-run.ts";
import { decideRetention, lookForRetention } from "./retention-sight.ts";

export interface StatusOptions extends CommonOptions {
  readonly output: "text" | "json" | "prometheus";
}

/** `retention status`: changes nothing. Throws UserError when somebody has to see to something. */
export async function showStatus(context: Context, { output }: StatusOptions): Promise<void> {
  const status = await findStatus(context);
  context.stdout.write(await render(status, output));
  if (status.alarms.length === 0) return;
  const first = output === "text" ? "see above" : status.alarms.join("; ");
  throw new UserError(`retention needs somebody: ${first}`, exitCode.partial);
}

/** A run, and then the metrics of what it left, also when it failed. */
export async function runAndMeasure(
  context: Context,
  { metrics, ...options }: OutputOptions & { readonly metrics?: string },
): Promise<void> {
  try {
    await runRetention(context, options);
  } finally {
    // What the run has to say comes first, whatever becomes of the metrics.
    if (metrics !== undefined) await writeMetrics(context, metrics).catch(noMetrics(context, metrics));
  }
}

function noMetrics({ stderr }: Context, path: string): (error: unknown) => void {
  return (error) => {
    stderr.write(`no metrics in ${path}: ${error instanceof Error ? error.message : String(error)}\n`);
  };
}

/** Writes the metrics for a collector that reads files, whole or not at all. */
async function writeMetrics(context: Context, path: string): Promise<void> {
  const text = await renderStatusMetrics(await findStatus(context));
  // The collector is another user.
  await writeDurably(path, Buffer.from(text), { mode: 0o644 });
}

async function findStatus(context: Context): Promise<RetentionStatus> {
  const identity = await readStoreIdentity(await context.openRoot("published"));
  const ledger = await context.openRoot("ledger");
  const of = identity === undefined ? {} : { storeId: identity.id };
  const control = await readControl(ledger, context.config.ledger.keys, of);
  const stamp = runningStamp(context);
  const sight = await lookForRetention(context, control.writers, () => Date.parse(stamp().at));
  const { state, purge } = decideRetention(context, sight, control);
  const exports = sight.keys.kind === "here" ? await outstandingExports(sight.keys.keyring) : [];
  const shredded = new Set(
    sight.keys.kind === "here"
      ? sight.keys.entries.filter(({ destroyedAt }) => destroyedAt !== undefined).map(formatDayKey)
      : [],
  );
  const today = dayOfMs(context.nowMs);
  return retentionStatus({
    groups: sight.listed.groups,
    unlistedViews: sight.listed.unlisted.map(({ view }) => view),
    decision: purge,
    isShredded: ({ view, day, retentionClass }) =>
      view !== "analytics" && shredded.has(formatDayKey({ view, day, retentionClass })),
    lastRunMs: state.lastRunMs,
    checkpointMs: sight.checkpointMs,
    holds: foldHolds(control.records, control.writers).filter((hold) => isLive(hold, today)).length,
    holdAlarms: (await alarmsOfHolds(ledger, sight, control, purge)).map(({ text }) => text),
    exportsOutstanding: exports.length,
    exportAlarm: whatIsForgotten(exports, context.nowMs)?.message,
  });
}

async function render(status: RetentionStatus, output: StatusOptions["output"]): Promise<string> {
  switch (output) {
    case "text":
      return terminalLines(renderStatusText(status));
    case "json":
      return renderStatusJson(status);
    case "prometheus":
      return renderStatusMetrics(status);
  }
}
