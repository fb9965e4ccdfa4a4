import { type Day, dayOfMs } from "../src/day.ts";
import { acceptedTerms } from "./accepted-terms.ts";
import { decideFates, refuseFates } from "./decide-fates.ts";
import { groupName } from "./group-name.ts";
import { judgeWatermark } from "./guards/clock-after-ledger.ts";
import { judgeClocks } from "./guards/clocks-agree.ts";
import { judgeListing } from "./judge-listing.ts";
import type { ListedGroup, UnrecognisedObject } from "./listing-summary.ts";
import { findOverdue } from "./overdue.ts";
import { policyToRecord } from "./policy-record.ts";
import type { PurgeDecision, ResumedPurge } from "./purge-decision.ts";
import type { BegunPurge, RetentionState } from "./retention-state.ts";
import { type RetentionPolicy, ruleFor } from "./rule-for.ts";
import { byDueDay, type RuledGroup } from "./ruled-group.ts";

/** All that a decision is made of. */
export interface PurgeQuestion {
  /** Of every view that could be listed: what could not is left alone by leaving it out. */
  readonly groups: readonly ListedGroup[];
  readonly unrecognised: readonly UnrecognisedObject[];
  readonly policy: RetentionPolicy;
  readonly state: RetentionState;
  readonly now: {
    readonly ms: number;
    readonly isArgument: boolean;
    /** True when a person has said that this machine's clock is right. */
    readonly isConfirmed?: boolean;
  };
  readonly clocks: {
    /** What the store's server said when `now` was read; undefined for a folder, which has no clock of its own. */
    readonly storeMs: number | undefined;
    /** The newest time in the control chain and in the last checkpoint; undefined for an empty ledger. */
    readonly newestRecordMs: number | undefined;
  };
}

/**
 * Decides what a purge destroys. Pure and level-triggered: the same listing, records and clock give the same decision,
 * what `retention plan` shows is what `retention run` does, and once that is done there is nothing more to do.
 */
export function decidePurge(question: PurgeQuestion): PurgeDecision {
  const { groups, policy, state, now, unrecognised } = question;
  const today = dayOfMs(now.ms);
  const refusals = [judgeClocks(now, question.clocks.storeMs), judgeWatermark(now, question.clocks)].filter(
    (refusal) => refusal !== undefined,
  );
  const isRefused = refusals.length > 0;

  const ruled = groups.map((group) => ({ group, rule: ruleFor(group, policy) })).sort(byDueDay);
  const begun = begunPurges(ruled, state).filter((one) => isFounded(one, state, today));
  const listedBegun = begun.flatMap(({ listed }) => listed ?? []);
  const others = without(ruled, listedBegun);
  const judged = judgeListing(others, policy, state, { nowMs: now.ms, today });
  const surroundings = {
    nowMs: now.ms,
    listed: groups,
    accepted: acceptedTerms(state),
    lastRunMs: state.lastRunMs,
  };
  const fates = isRefused ? refuseFates(judged, listedBegun) : decideFates(judged, surroundings);

  const resume = isRefused ? [] : begun;
  const goes = new Set([...fates.destroy, ...(isRefused ? [] : listedBegun)].map(nameOf));
  return {
    nowMs: now.ms,
    today,
    refusals,
    policyRecord: isRefused ? undefined : policyToRecord(policy, state.policies.at(-1)),
    ...fates,
    resume,
    keep: judged.of("keep").map((one) => one.ruled),
    overdue: findOverdue(ruled, state, now.ms, (one) => goes.has(nameOf(one))),
    unrecognised,
  };
}

/** What was begun is ended, whatever the policy says by now: part of it is gone, and it is certified as a whole. */
function begunPurges(ruled: readonly RuledGroup[], { begun }: RetentionState): readonly ResumedPurge[] {
  const listed = new Map(ruled.map((one) => [nameOf(one), one]));
  return begun.map((one) => ({ ...one, listed: listed.get(groupName(one.record.group)) }));
}

/**
 * A purge that was begun rests on a plan that names its group, and on its due day. Any machine that may write the control
 * chain can write a record that says it was begun: one that rests on nothing is not carried out, and its group is
 * judged like any other.
 */
function isFounded({ record }: BegunPurge, { plans }: RetentionState, today: Day): boolean {
  const plan = plans.find(({ sequence }) => sequence === record.plan);
  const name = groupName(record.group);
  const planned = plan?.record.groups.find((group) => groupName(group) === name);
  return planned !== undefined && planned.rule.dueDay <= today && record.rule.dueDay <= today;
}

function without(ruled: readonly RuledGroup[], some: readonly RuledGroup[]): readonly RuledGroup[] {
  const names = new Set(some.map(nameOf));
  return ruled.filter((one) => !names.has(nameOf(one)));
}

function nameOf({ group }: RuledGroup): string {
  return groupName(group);
}
