import { type Day, dayOfMs } from "../src/day.ts";
import type { KeyEntry } from "../src/keyring/keyring.ts";
import type { DayKeyName } from "../src/seal/day-key-name.ts";
import { acceptedTerms } from "./accepted-terms.ts";
import { GRACE_MS } from "./grace.ts";
import { groupName } from "./group-name.ts";
import { DUE_DAYS_AT_ONCE_MAX, tooManyDueDays } from "./guards/due-days.ts";
import { isShorter } from "./guards/shorter-term.ts";
import { judgeListing } from "./judge-listing.ts";
import { inForceSinceMs } from "./overdue.ts";
import type { PurgeDecision } from "./purge-decision.ts";
import type { RetentionState } from "./retention-state.ts";
import { type RetentionPolicy, ruleFor } from "./rule-for.ts";
import { byDueDay, type RuledGroup } from "./ruled-group.ts";

export interface KeyQuestion {
  readonly entries: readonly KeyEntry[];
  readonly policy: RetentionPolicy;
  readonly state: RetentionState;
  readonly nowMs: number;
  /** What was decided of the objects, where they can be listed: their keys go when they go, and not before. */
  readonly decision?: Pick<PurgeDecision, "destroy" | "resume" | "waiting" | "refusals"> | undefined;
  /** Of how many due days of a view and class keys may go that no approved plan covers; by default 31. */
  readonly daysAtOnceMax?: number | undefined;
}

/** Keys that are past their term. Each of them stands in one of the lists. */
export interface KeyDecision {
  /** The longest due first. */
  readonly destroy: readonly DayKeyName[];
  readonly waiting: readonly WaitingKey[];
}

export interface WaitingKey extends DayKeyName {
  /** `plan`: as its objects do, or would if there were any. `many-days`: a guard bites. `refused`: a clock is in doubt. */
  readonly because: "plan" | "many-days" | "refused";
}

/**
 * Which keys go. A key goes with the objects of its group. A day that never had an object has a key all the same: it goes
 * when its objects would, had there been any, and no plan need name it. Its term must have been in force for as long as
 * a grace lasts, and must not have become shorter without an approval.
 */
export function decideKeys(question: KeyQuestion): KeyDecision {
  const { decision } = question;
  const due = dueGroups(question);
  if (decision !== undefined && decision.refusals.length > 0) {
    return { destroy: [], waiting: due.map((ruled) => waits(ruled, "refused")) };
  }
  const goes = namesOf([
    ...(decision?.destroy ?? []),
    ...(decision?.resume ?? []).map(({ record }) => record),
  ]);
  const held = namesOf(decision?.waiting ?? []);
  const unlisted = due.filter((ruled) => !goes.has(nameOf(ruled)) && !held.has(nameOf(ruled)));
  const { approved, free, waiting } = sortOut(unlisted, question);
  const bitten = tooManyDueDays(free, question.daysAtOnceMax ?? DUE_DAYS_AT_ONCE_MAX);
  const destroy = [
    ...due.filter((ruled) => goes.has(nameOf(ruled))),
    ...approved,
    ...free.filter((ruled) => !bitten.has(ruled)),
  ];
  return {
    destroy: destroy.sort(byDueDay).map(keyNameOf),
    waiting: [
      ...due.filter((ruled) => held.has(nameOf(ruled))).map((ruled) => waits(ruled, "plan")),
      ...waiting.map((ruled) => waits(ruled, "plan")),
      ...free.filter(bitten.has).map((ruled) => waits(ruled, "many-days")),
    ],
  };
}

interface KeyGroup extends RuledGroup {
  readonly group: RuledGroup["group"] & { readonly view: DayKeyName["view"] };
}

function dueGroups({ entries, policy, nowMs }: KeyQuestion): readonly KeyGroup[] {
  const today = dayOfMs(nowMs);
  return entries
    .filter(({ destroyedAt }) => destroyedAt === undefined)
    .map(({ view, day, retentionClass }) => ({ view, day, retentionClass, objects: 0, sizeBytes: 0 }))
    .map((group) => ({ group, rule: ruleFor(group, policy) }))
    .filter(({ rule }) => rule.dueDay <= today)
    .sort(byDueDay);
}

interface SortedKeys {
  readonly approved: readonly KeyGroup[];
  readonly free: readonly KeyGroup[];
  readonly waiting: readonly KeyGroup[];
}

function sortOut(unlisted: readonly KeyGroup[], question: KeyQuestion): SortedKeys {
  const { policy, state, nowMs, decision } = question;
  const judged = judgeListing(unlisted, policy, state, { nowMs, today: dayOfMs(nowMs) });
  const standings = new Map(judged.all.map(({ ruled, standing }) => [nameOf(ruled), standing]));
  const isBlocked =
    judged.blockedBy !== undefined ||
    (decision?.waiting ?? []).some(
      ({ because }) =>
        because.kind === "approval" && because.approvals.some(({ kind }) => kind === "downtime"),
    );
  const isCovered = coveredByApproval(state);
  const isSettled = settledTerms(state, nowMs);
  const fateOf = (ruled: KeyGroup): keyof SortedKeys => {
    const standing = standings.get(nameOf(ruled));
    if (standing?.kind === "approved") return "approved";
    const mayGo = standing?.kind === "goes" || (standing?.kind === "to-plan" && isSettled(ruled));
    if (!mayGo || isBlocked) return "waiting";
    return isCovered(ruled) ? "approved" : "free";
  };
  return {
    approved: unlisted.filter((ruled) => fateOf(ruled) === "approved"),
    free: unlisted.filter((ruled) => fateOf(ruled) === "free"),
    waiting: unlisted.filter((ruled) => fateOf(ruled) === "waiting"),
  };
}

/** Days without objects among those of an approved plan: who approved the days around them meant them as well. */
function coveredByApproval({ plans }: RetentionState): (ruled: RuledGroup) => boolean {
  const ranges = new Map<string, { firstDay: Day; lastDay: Day }[]>();
  for (const { record, verdict } of plans) {
    if (verdict !== "approved") continue;
    const own = new Map<string, { firstDay: Day; lastDay: Day }>();
    for (const group of record.groups) {
      const range = own.get(seriesOf(group));
      if (range === undefined) own.set(seriesOf(group), { firstDay: group.day, lastDay: group.day });
      else if (group.day < range.firstDay) range.firstDay = group.day;
      else if (group.day > range.lastDay) range.lastDay = group.day;
    }
    for (const [series, range] of own) ranges.set(series, [...(ranges.get(series) ?? []), range]);
  }
  return ({ group }) =>
    (ranges.get(seriesOf(group)) ?? []).some(
      ({ firstDay, lastDay }) => firstDay <= group.day && group.day <= lastDay,
    );
}

/** Terms that have been in force for a grace, and that nobody has to approve first. */
function settledTerms(state: RetentionState, nowMs: number): (ruled: RuledGroup) => boolean {
  const accepted = acceptedTerms(state);
  return (ruled) => {
    const sinceMs = inForceSinceMs(
      state.policies,
      ({ policy }) => ruleFor(ruled.group, policy).dueDay === ruled.rule.dueDay,
    );
    return sinceMs !== undefined && sinceMs + GRACE_MS <= nowMs && !isShorter(ruled, accepted);
  };
}

function waits(ruled: KeyGroup, because: WaitingKey["because"]): WaitingKey {
  return { ...keyNameOf(ruled), because };
}

function keyNameOf({ group: { view, day, retentionClass } }: KeyGroup): DayKeyName {
  return { view, day, retentionClass };
}

function namesOf(ruled: readonly { readonly group: Parameters<typeof groupName>[0] }[]): ReadonlySet<string> {
  return new Set(ruled.map(({ group }) => groupName(group)));
}

function nameOf({ group }: RuledGroup): string {
  return groupName(group);
}

function seriesOf({
  view,
  retentionClass,
}: Pick<DayKeyName, "retentionClass"> & { readonly view: string }): string {
  return `${view} ${retentionClass}`;
}
