import { groupName } from "../../retention/group-name.ts";
import { longestDueDay } from "../../retention/longest-due-day.ts";
import { foldRetention, type RecordedPlan, type RetentionState } from "../../retention/retention-state.ts";
import type { RetentionPolicy } from "../../retention/rule-for.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { foldHolds, holdTerms } from "../holds/hold-state.ts";
import { counted } from "../keyring/counted.ts";
import { appendRecord } from "../ledger/chain.ts";
import type { ControlWriter } from "../ledger/control-writer.ts";
import { foldLease, type HeldLease } from "../ledger/lease-state.ts";
import type { StoredRecord } from "../ledger/record-object.ts";
import type { PlannedGroup } from "../ledger/retention-record.ts";
import { CONTROL_CHAIN } from "../partition.ts";
import type { CommonOptions, Context } from "./context.ts";
import { stampOf } from "./keys-place.ts";
import { openControl } from "./ledger-writer.ts";
import { refuseDrill } from "./retention-run.ts";

export interface VerdictOptions extends CommonOptions {
  readonly reason: string;
  readonly by?: string;
}

/** `retention approve`. Throws UserError for a plan that needs none, or cannot have it any more. */
export async function approvePlan(context: Context, text: string, options: VerdictOptions): Promise<void> {
  const { control, plan, left } = await openPlan(context, text);
  if (plan.verdict === "approved") throw mistake(`plan ${plan.sequence} is approved already`);
  if (plan.verdict === "none" && plan.record.approvals.length === 0) {
    throw mistake(`plan ${plan.sequence} needs no approval: it goes ahead at ${plan.record.notBefore}`);
  }
  await record(control, plan, { kind: "purge-approved", ...wordsOf(context, options) });
  const from = plan.record.notBefore;
  context.stdout.write(
    `plan ${plan.sequence} is approved: ${describeGroups(left)} may be destroyed from ${from} on, each not before its due day; the next "hostlog retention run" does it\n`,
  );
}

/** `retention cancel`. Throws UserError for a plan of which nothing could be kept. */
export async function cancelPlan(context: Context, text: string, options: VerdictOptions): Promise<void> {
  const { control, plan, left, goesAnyway } = await openPlan(context, text);
  refuseDuringRun(control, context.nowMs);
  if (plan.verdict === "cancelled") throw mistake(`plan ${plan.sequence} is cancelled already`);
  const certain = left.filter(goesAnyway);
  if (certain.length === left.length) {
    throw mistake(
      `nothing of plan ${plan.sequence} can be kept: no rule keeps it past its due day; "hostlog hold add" keeps rows of it for a case`,
    );
  }
  await record(control, plan, { kind: "purge-cancelled", ...wordsOf(context, options) });
  context.stdout.write(`plan ${plan.sequence} is cancelled: ${describeGroups(left)}\n`);
  if (certain.length === 0) return;
  context.stdout.write(
    `all the same these go when they are due, because no rule keeps them any longer: ${describeGroups(certain)}; "hostlog hold add" keeps rows of them for a case\n`,
  );
}

/** What a run has decided it carries out: a plan that is cancelled meanwhile would say so, and go all the same. */
function refuseDuringRun({ records, writers, ledger }: ControlWriter, nowMs: number): void {
  const held = records.reduce<HeldLease | undefined>(
    (known, stored) => (writers.trusts(stored) ? foldLease(known, stored) : known),
    undefined,
  );
  if (held === undefined || held.untilMs <= nowMs) return;
  throw new UserError(
    `${held.holder} carries out plans in ${ledger.url} right now: nothing was cancelled. End that run (SIGTERM) or wait for it, look at what is left (hostlog retention plan), then cancel`,
    exitCode.tryAgain,
  );
}

interface OpenedPlan {
  readonly control: ControlWriter;
  readonly plan: RecordedPlan;
  /** What of it is not certified yet. */
  readonly left: readonly PlannedGroup[];
  /** True for what would go on its due day without the plan too. */
  readonly goesAnyway: (group: PlannedGroup) => boolean;
}

async function openPlan(context: Context, text: string): Promise<OpenedPlan> {
  await refuseDrill(context);
  const control = await openControl(context);
  const { records, writers } = control;
  const state = foldRetention(records, writers);
  const plan = state.plans.find(({ sequence }) => String(sequence) === text);
  if (plan === undefined) {
    throw mistake(`there is no plan ${text}: "hostlog retention plan" shows which there are`);
  }
  const left = leftOf(plan, state);
  if (left.length === 0) throw mistake(`plan ${plan.sequence} is done: all of it is destroyed and certified`);
  const { classes, quarantineTerm } = context.config;
  const policy: RetentionPolicy = { classes, quarantineTerm, holds: holdTerms(foldHolds(records, writers)) };
  const goesAnyway = (group: PlannedGroup): boolean =>
    longestDueDay(group, policy, state, context.nowMs) <= group.rule.dueDay;
  return { control, plan, left, goesAnyway };
}

function leftOf(
  { sequence, record: { groups } }: RecordedPlan,
  state: RetentionState,
): readonly PlannedGroup[] {
  const certified = new Set(
    state.certificates
      .filter((certificate) => certificate.sequence > sequence)
      .map(({ record: { group } }) => groupName(group)),
  );
  return groups.filter((group) => !certified.has(groupName(group)));
}

interface Verdict {
  readonly kind: "purge-approved" | "purge-cancelled";
  readonly at: string;
  readonly clock: "system" | "argument";
  readonly by: string;
  readonly reason: string;
}

function wordsOf(context: Context, { by, reason }: VerdictOptions): Omit<Verdict, "kind"> {
  if (reason.trim() === "") throw mistake("--reason is empty: say in a sentence why");
  return { ...stampOf(context), by: by ?? context.hostName, reason };
}

async function record(
  control: ControlWriter,
  { sequence: plan }: RecordedPlan,
  { kind, at, clock, by, reason }: Verdict,
): Promise<void> {
  const onForeign = ({ record: { body } }: StoredRecord): void => {
    if ("plan" in body && body.plan === plan) {
      throw new UserError(
        `something happens to plan ${plan} at the same time: look at it again (hostlog retention plan) before you decide`,
        exitCode.tryAgain,
      );
    }
  };
  const body = { kind, at, clock, plan, by, reason };
  await appendRecord(control, CONTROL_CHAIN, body, { head: control.head, onForeign });
}

/** By view and class, with their first and last day. */
function describeGroups(groups: readonly PlannedGroup[]): string {
  const series = new Map<string, string[]>();
  for (const { view, day, retentionClass } of groups) {
    const days = series.get(`${view} ${retentionClass}`) ?? [];
    days.push(day);
    series.set(`${view} ${retentionClass}`, days);
  }
  return [...series]
    .map(([name, days]) => {
      const sorted = days.toSorted();
      const range = sorted.length === 1 ? `of ${sorted[0]}` : `from ${sorted[0]} to ${sorted.at(-1)}`;
      return `${counted(sorted.length, "day")} of ${name}, ${range}`;
    })
    .join("; ");
}

function mistake(message: string): UserError {
  return new UserError(message, exitCode.usage);
}
