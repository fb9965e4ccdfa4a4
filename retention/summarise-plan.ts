import { addDays, type Day, LAST_DAY } from "../src/day.ts";
import type { View } from "../src/view.ts";
import type { NamedObject, PurgePlan } from "./plan-purge.ts";
import type { Rule } from "./rule-for.ts";

/** The objects of one view, day and class, which share their fate. */
export interface PlanGroup {
  readonly view: View;
  readonly day: Day;
  readonly retentionClass: string;
  readonly rule: Rule;
  readonly objects: number;
  readonly sizeBytes: number;
  /** Undefined where the term ends with the last day that can be written. */
  readonly dueDay: Day | undefined;
}

export interface PlanSummary {
  /** The longest overdue first. */
  readonly destroy: readonly PlanGroup[];
  /** The next due first. */
  readonly keep: readonly PlanGroup[];
}

export function summarisePlan({ destroy, keep }: PurgePlan): PlanSummary {
  return {
    destroy: group(destroy, ({ rule, dueDay }) => ({ rule, dueDay })),
    keep: group(keep, ({ because: { rule, lastDay } }) => ({
      rule,
      dueDay: lastDay === LAST_DAY ? undefined : addDays(lastDay, 1),
    })),
  };
}

function group<Item extends NamedObject>(
  items: readonly Item[],
  fateOf: (item: Item) => Pick<PlanGroup, "rule" | "dueDay">,
): readonly PlanGroup[] {
  const groups = new Map<string, PlanGroup>();
  for (const item of items) {
    const { view, day, retentionClass, sizeBytes } = item;
    const fate = fateOf(item);
    const name = `${fate.dueDay ?? "never"} ${day} ${view} ${retentionClass}`;
    const known = groups.get(name);
    groups.set(name, {
      view,
      day,
      retentionClass,
      ...fate,
      objects: (known?.objects ?? 0) + 1,
      sizeBytes: (known?.sizeBytes ?? 0) + sizeBytes,
    });
  }
  // The name begins with what comes first in the order; "never" follows every year.
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}
