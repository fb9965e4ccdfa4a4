import { addDays, type Day, LAST_DAY } from "../src/day.ts";
import type { PurgeGroup } from "../src/ledger/retention-record.ts";
import { GRACE_MS } from "./grace.ts";
import type { RetentionState } from "./retention-state.ts";
import { baselinePolicy, type RetentionPolicy, ruleFor } from "./rule-for.ts";

/**
 * The first day on which no rule that was in force within the grace keeps a group: not the terms of today, not those
 * of the day before, and not the baseline, which always is in force. From then on nobody could still cancel anything.
 */
export function longestDueDay(
  group: PurgeGroup,
  policy: RetentionPolicy,
  state: Pick<RetentionState, "policies" | "holdEnds">,
  nowMs: number,
): Day {
  const rule = ruleFor(group, policy);
  if (rule.kind === "hold") {
    const ends = inForce(state.holdEnds.get(group.retentionClass) ?? [], nowMs);
    return latest([rule.dueDay, ...ends.map(({ lastDay }) => dayAfterHold(lastDay))]);
  }
  const policies = [baselinePolicy([]), ...inForce(state.policies, nowMs).map((recorded) => recorded.policy)];
  return latest([rule.dueDay, ...policies.map((one) => ruleFor(group, one).dueDay)]);
}

/** What of a history was in force at any time since the beginning of the grace that ends now. */
function inForce<Entry extends { readonly atMs: number }>(
  history: readonly Entry[],
  nowMs: number,
): readonly Entry[] {
  return history.filter((_, index) => {
    const next = history[index + 1];
    return next === undefined || next.atMs > nowMs - GRACE_MS;
  });
}

function dayAfterHold(day: Day): Day {
  return day === LAST_DAY ? day : addDays(day, 1);
}

function latest(days: readonly Day[]): Day {
  return days.reduce((last, day) => (day > last ? day : last));
}
