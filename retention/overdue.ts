import { startMs } from "../src/day.ts";
import { GRACE_MS, OVERDUE_AFTER_MS } from "./grace.ts";
import type { OverdueGroup } from "./purge-decision.ts";
import type { RetentionState } from "./retention-state.ts";
import { baselinePolicy, ruleFor } from "./rule-for.ts";
import { byDueDay, type RuledGroup } from "./ruled-group.ts";

/**
 * What should have been gone for a day, waits for whatever it may. A rule that came in force when a group was past it
 * already obliges to nothing before its own grace is over; the baseline always did.
 */
export function findOverdue(
  ruled: readonly RuledGroup[],
  state: Pick<RetentionState, "policies" | "holdEnds">,
  nowMs: number,
  goesNow: (ruled: RuledGroup) => boolean,
): readonly OverdueGroup[] {
  return ruled
    .filter(({ rule }) => nowMs >= startMs(rule.dueDay) + OVERDUE_AFTER_MS)
    .map((one) => ({ one, obligedMs: obligedMs(one, state, nowMs) }))
    .filter(({ obligedMs: ms }) => nowMs >= ms + OVERDUE_AFTER_MS)
    .map(({ one, obligedMs: ms }) => ({ ...one, since: new Date(ms).toISOString(), goesNow: goesNow(one) }))
    .sort(byDueDay);
}

function obligedMs(
  { group, rule }: RuledGroup,
  state: Pick<RetentionState, "policies" | "holdEnds">,
  nowMs: number,
): number {
  const dueMs = startMs(rule.dueDay);
  if (rule.kind === "hold") {
    const ends = state.holdEnds.get(group.retentionClass) ?? [];
    const sinceMs = inForceSinceMs(ends, ({ lastDay }) => lastDay === rule.term);
    return Math.max(dueMs, (sinceMs ?? 0) + GRACE_MS);
  }
  const sinceMs = inForceSinceMs(
    state.policies,
    ({ policy }) => ruleFor(group, policy).dueDay === rule.dueDay,
  );
  const byRuleMs = Math.max(dueMs, (sinceMs ?? nowMs) + GRACE_MS);
  return Math.min(byRuleMs, startMs(ruleFor(group, baselinePolicy([])).dueDay));
}

/** Since when the end of a history says the same as now; undefined when it says something else. */
export function inForceSinceMs<Entry extends { readonly atMs: number }>(
  history: readonly Entry[],
  isAsNow: (entry: Entry) => boolean,
): number | undefined {
  let sinceMs: number | undefined;
  for (const entry of history.toReversed()) {
    if (!isAsNow(entry)) break;
    sinceMs = entry.atMs;
  }
  return sinceMs;
}
