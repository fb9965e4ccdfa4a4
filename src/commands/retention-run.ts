import { join } from "node:path";
import { destroyGroups } from "../../retention/io/destroy-groups.ts";
import type { DoomedPurge, PurgeReport } from "../../retention/io/purge-world.ts";
import type { PurgeDecision } from "../../retention/purge-decision.ts";
import {
  type ReportedPlan,
  type RunReport,
  renderReportJson,
  renderReportTable,
} from "../../retention/render-report.ts";
import { baselinePolicy } from "../../retention/rule-for.ts";
import { UserError } from "../errors.ts";
import { type ExitCode, exitCode } from "../exit-code.ts";
import { LeaseLostError } from "../ledger/chain.ts";
import { type WrittenCheckpoint, writeCheckpoint } from "../ledger/write-checkpoint.ts";
import { withLock } from "../lock-file.ts";
import { readStoreIdentity, type StoreIdentity } from "../store-identity.ts";
import { terminalLines } from "../terminal-text.ts";
import { clearLocalCopies } from "./clear-local-copies.ts";
import type { Context } from "./context.ts";
import { leaseOf, runningStamp } from "./ledger-lease.ts";
import { openControl } from "./ledger-writer.ts";
import { describeOutstanding, outstandingExports, whatIsForgotten } from "./outstanding-exports.ts";
import { alarmsOfHolds } from "./retention-holds.ts";
import { isTable, type OutputOptions } from "./retention-options.ts";
import { noteEmptyStore, noteUnlisted, writePlan } from "./retention-plan.ts";
import {
  checkedClocks,
  decideRetention,
  lookForRetention,
  type RetentionDecision,
  refuseShortened,
} from "./retention-sight.ts";
import { type LeasedRun, openPurgeWorld } from "./retention-world.ts";
import { describeShredded, keysElsewhereText, shredKeys } from "./shred-due-keys.ts";

/** Something that a person has to see to, and what the process says of it when it ends. */
interface Trouble {
  readonly exitCode: ExitCode;
  readonly message: string;
}

/**
 * `retention run`: decides, destroys keys, then objects, certifies, and writes a checkpoint. Throws UserError when nothing
 * could be done (a guard, another run, a ledger that is broken), and when something was left undone or is wrong.
 */
export async function runRetention(context: Context, options: OutputOptions): Promise<void> {
  await refuseDrill(context);
  await noteEmptyStore(context);
  const lock = join(context.stateDirectory, "retention.lock");
  const troubles = await withLock(lock, "retention run", () => runLocked(context, options));
  const worst = troubles.find((trouble) => trouble.exitCode === exitCode.integrity) ?? troubles[0];
  if (worst === undefined) return;
  throw new UserError(troubles.map(({ message }) => message).join("; "), worst.exitCode);
}

async function runLocked(context: Context, options: OutputOptions): Promise<readonly Trouble[]> {
  const stamp = runningStamp(context);
  const control = await openControl(context);
  const sight = await lookForRetention(context, control.writers, () => Date.parse(stamp().at));
  noteUnlisted(context, sight);
  const seen = decideRetention(context, sight, control, options.clockIsRight);
  if (seen.purge.refusals.length > 0) {
    writePlan(context, options, seen);
    throw isRefused(seen.purge);
  }
  const lease = await leaseOf(context, control, stamp);
  const run = { context, control, lease, sight, stamp };
  try {
    return await runLeased(run, options);
  } finally {
    await lease.end();
  }
}

async function runLeased(run: LeasedRun, options: OutputOptions): Promise<readonly Trouble[]> {
  const { context, control, lease, sight } = run;
  // What others recorded before this run had the lease counts.
  const known = { records: lease.records, writers: control.writers };
  refuseShortened(sight, known);
  const decision = decideRetention(context, sight, known, options.clockIsRight);
  writePlan(context, options, decision);
  if (decision.purge.refusals.length > 0) throw isRefused(decision.purge);
  const alarms = await alarmsOfHolds(control.ledger, sight, known, decision.purge);
  for (const { text } of alarms) context.stderr.write(`warning: ${text}\n`);
  const plans = await recordPlans(run, decision.purge);
  const shredTroubles = await shred(run, decision).then(() => [], isShredTrouble);
  const signal = AbortSignal.any([context.signal, lease.signal]);
  const opened = openPurgeWorld(run, signal);
  const orders = {
    destroy: decision.purge.destroy.map((doomed) => ({ ...doomed, plan: plans.numberOf(doomed.plan) })),
    resume: decision.purge.resume.filter(({ record }) => isListed(run, record.group.view)),
  };
  const done = await destroyGroups(orders, opened.world);
  lease.signal.throwIfAborted();
  const local = await clearLocalCopies(
    context,
    await identityOf(context),
    // Of a term that was made shorter the spool is no place to find out that this was a mistake.
    baselinePolicy(decision.policy.holds),
  );
  const overdue = countOverdue(decision.purge, orders.destroy, done);
  const checkpoint = done.isComplete ? await recordEnd(run, done, overdue) : undefined;
  writeReport(context, options, { ...done, plans: plans.recorded, overdue, checkpoint });
  return [
    ...shredTroubles,
    ...troublesOfRun(run, decision, done),
    ...opened.faults().map(isBroken),
    ...(checkpoint?.findings ?? []).map(isBroken),
    ...local.map((text) => ({
      exitCode: exitCode.partial,
      message: `not removed from this machine: ${text}`,
    })),
    ...(alarms.length === 0
      ? []
      : [{ exitCode: exitCode.partial, message: "holds need somebody, see above" }]),
    ...(await troublesOfExports(run)),
  ];
}

/** A key that could not be destroyed as it should keeps no object: the certificates say that keys are outstanding. */
function isShredTrouble(error: unknown): readonly Trouble[] {
  if (!(error instanceof UserError) || error instanceof LeaseLostError) throw error;
  const code = error.exitCode === exitCode.integrity ? exitCode.integrity : exitCode.partial;
  return [{ exitCode: code, message: error.message }];
}

interface RecordedPlans {
  readonly recorded: readonly ReportedPlan[];
  numberOf(plan: number | "certain"): number;
}

async function recordPlans({ lease, stamp }: LeasedRun, decision: PurgeDecision): Promise<RecordedPlans> {
  const { policyRecord } = decision;
  if (policyRecord !== undefined) await lease.append({ ...policyRecord, ...stamp() });
  const recorded: ReportedPlan[] = [];
  let certain: number | undefined;
  for (const { kind, groups, notBefore, approvals } of decision.plans) {
    const sequence = await lease.append({
      kind: "purge-planned",
      ...stamp(),
      groups,
      notBefore,
      approvals,
    });
    recorded.push({ sequence, groups: groups.length, needsApproval: approvals.length > 0 });
    if (kind === "certain") certain = sequence;
  }
  return {
    recorded,
    numberOf(plan) {
      const number = plan === "certain" ? certain : plan;
      if (number === undefined) throw new Error("a group is to be destroyed and stands in no plan");
      return number;
    },
  };
}

/** Before the objects, so that a run which is killed between the two has not left what can be opened. */
async function shred(
  { context, lease, sight, stamp }: LeasedRun,
  { purge, keys }: RetentionDecision,
): Promise<void> {
  const { destroy } = purge;
  if (sight.keys.kind === "elsewhere" && destroy.some(({ group }) => group.view !== "analytics")) {
    context.stderr.write(keysElsewhereText);
  }
  const record = await shredKeys(context, sight.keys, keys?.destroy ?? [], {
    records: lease.records,
    append: (body) => lease.append(body),
    stamp,
  });
  if (record !== undefined) context.stderr.write(describeShredded(record));
}

/** The watermark for the next run's clock, and a checkpoint that covers it. */
async function recordEnd(
  { control, lease, stamp }: LeasedRun,
  { certificates }: PurgeReport,
  overdue: number,
): Promise<WrittenCheckpoint> {
  const clocks = await checkedClocks(control.ledger, () => stamp().at);
  const certified = certificates.length;
  await lease.append({ kind: "retention-ran", ...stamp(), clocks, certified, overdue });
  return await writeCheckpoint(control, stamp(), control.writers);
}

function countOverdue(
  { overdue }: PurgeDecision,
  destroy: readonly DoomedPurge[],
  { failures }: PurgeReport,
): number {
  const failed = new Set(failures.map(({ view, key }) => `${view} ${key.slice(0, "dt=2026-11-22".length)}`));
  const isGone = (group: DoomedPurge["group"]): boolean =>
    destroy.some((doomed) => doomed.group.view === group.view && doomed.group.day === group.day) &&
    !failed.has(`${group.view} dt=${group.day}`);
  return overdue.filter(({ group }) => !isGone(group)).length;
}

function troublesOfRun(
  { sight }: LeasedRun,
  { purge, keys }: RetentionDecision,
  { failures, isComplete }: PurgeReport,
): readonly Trouble[] {
  const messages: string[] = [];
  if (failures.length > 0) {
    messages.push(
      "not everything that is due could be removed; put right what is named above and run it again",
    );
  }
  if (!isComplete) messages.push("ended before all that is due was removed; run it again");
  for (const { view } of sight.listed.unlisted)
    messages.push(`${view} could not be listed and was left alone`);
  if (purge.waiting.some(({ because }) => because.kind === "approval")) {
    messages.push('plans wait for approval, see "hostlog retention plan"');
  }
  if (keys?.waiting.some(({ because }) => because === "many-days") === true) {
    messages.push(
      'keys of too many days are due at once and were kept: if the clock and the terms of the config are right, run "hostlog keys destroy --due" with the --days it asks for',
    );
  }
  return messages.map((message) => ({ exitCode: exitCode.partial, message }));
}

async function troublesOfExports({ context, sight }: LeasedRun): Promise<readonly Trouble[]> {
  if (sight.keys.kind !== "here") return [];
  const exports = await outstandingExports(sight.keys.keyring);
  context.stderr.write(describeOutstanding(exports));
  const forgotten = whatIsForgotten(exports, context.nowMs);
  return forgotten === undefined ? [] : [forgotten];
}

function isBroken(message: string): Trouble {
  return { exitCode: exitCode.integrity, message: `the ledger is not as it was: ${message}` };
}

function isListed({ sight }: LeasedRun, view: string): boolean {
  return sight.listed.unlisted.every((unlisted) => unlisted.view !== view);
}

function isRefused({ refusals }: PurgeDecision): UserError {
  return new UserError(
    `nothing was destroyed: ${refusals.map(({ message }) => message).join("; ")}`,
    exitCode.tryAgain,
  );
}

function writeReport(context: Context, options: OutputOptions, report: RunReport): void {
  context.stdout.write(
    isTable(context, options) ? terminalLines(renderReportTable(report)) : renderReportJson(report),
  );
}

/** A purge under a made-up date destroys what real visitors and investigators may still count on. */
export async function refuseDrill(context: Context): Promise<void> {
  if (!context.nowIsArgument) return;
  const published = await context.openRoot("published");
  const identity = await readStoreIdentity(published);
  if (identity?.isDrill === true) return;
  throw new UserError(
    `${published.url} is not of a store made for drills: with --now a purge could destroy what is not due; use retention plan, or leave --now out`,
    exitCode.usage,
  );
}

async function identityOf(context: Context): Promise<StoreIdentity> {
  const identity = await readStoreIdentity(await context.openRoot("published"));
  if (identity === undefined) throw new Error("a store whose control chain is written has no identity");
  return identity;
}
