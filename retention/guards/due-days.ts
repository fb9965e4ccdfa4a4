import type { RuledGroup } from "../ruled-group.ts";
import type { BittenGroups } from "./bitten-groups.ts";

/** As many missed days of a view and class are made up unasked; more are a wrong clock, or a term made shorter by mistake. */
export const DUE_DAYS_AT_ONCE_MAX = 31;

/** Counted by due day: the copies for a hold are of many days, and end together. */
export function tooManyDueDays(
  candidates: readonly RuledGroup[],
  daysMax = DUE_DAYS_AT_ONCE_MAX,
): BittenGroups {
  const dueDays = new Map<string, Set<string>>();
  for (const candidate of candidates) {
    const name = seriesOf(candidate);
    const days = dueDays.get(name) ?? new Set();
    dueDays.set(name, days.add(candidate.rule.dueDay));
  }
  const bitten = [...dueDays].filter(([, days]) => days.size > daysMax);
  const names = new Set(bitten.map(([name]) => name));
  return {
    has: (candidate) => names.has(seriesOf(candidate)),
    approvals: bitten.map(([name, days]) => ({
      kind: "many-days",
      message: `${name}: ${days.size} days are due at once, more than ${daysMax}`,
    })),
  };
}

function seriesOf({ group: { view, retentionClass } }: RuledGroup): string {
  return `${view} ${retentionClass}`;
}
