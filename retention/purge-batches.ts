import type { Day } from "../src/day.ts";
import type { View } from "../src/view.ts";
import type { Expired, PurgePlan } from "./plan-purge.ts";

/** What is destroyed, listed again and recorded together. */
export interface PurgeBatch {
  readonly view: View;
  readonly day: Day;
  /** At least one. */
  readonly objects: readonly Expired[];
}

/** What a plan destroys, by view and day: the longest overdue day first. */
export function purgeBatches({ destroy }: PurgePlan): readonly PurgeBatch[] {
  const batches = new Map<string, { view: View; day: Day; objects: Expired[] }>();
  for (const object of destroy) {
    const { view, day } = object;
    const batch = batches.get(`${day} ${view}`) ?? { view, day, objects: [] };
    batch.objects.push(object);
    batches.set(`${day} ${view}`, batch);
  }
  return [...batches.values()].sort((a, b) => compare(a.day, b.day) || compare(a.view, b.view));
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
