import type { Day } from "../src/day.ts";
import { groupName } from "./group-name.ts";
import type { RecordedPlan, RetentionState } from "./retention-state.ts";
import { ruleFor } from "./rule-for.ts";
import type { RuledGroup } from "./ruled-group.ts";

/** Which plan the fate of a group hangs on. */
export type GoverningPlan = (
  ruled: Pick<RuledGroup, "rule"> & { readonly group: GroupName },
) => RecordedPlan | undefined;

type GroupName = Parameters<typeof groupName>[0];

/**
 * The last plan that names the group for the same due day, unless a policy since has given it another: who planned or
 * approved under terms that were taken back has said nothing about terms that came after.
 */
export function governingPlans({
  plans,
  policies,
}: Pick<RetentionState, "plans" | "policies">): GoverningPlan {
  const named = new Map<string, { readonly plan: RecordedPlan; readonly dueDay: Day }[]>();
  for (const plan of plans) {
    for (const group of plan.record.groups) {
      const name = groupName(group);
      const entry = { plan, dueDay: group.rule.dueDay };
      const known = named.get(name);
      if (known === undefined) named.set(name, [entry]);
      else known.push(entry);
    }
  }
  return ({ group, rule }) => {
    const found = named.get(groupName(group))?.findLast(({ dueDay }) => dueDay === rule.dueDay);
    if (found === undefined) return undefined;
    const isVoid =
      rule.kind !== "hold" &&
      policies.some(
        ({ sequence, policy }) =>
          sequence > found.plan.sequence && ruleFor(group, policy).dueDay !== rule.dueDay,
      );
    return isVoid ? undefined : found.plan;
  };
}
