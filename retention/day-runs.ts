import { addDays, type Day, LAST_DAY } from "../src/day.ts";
import type { GroupRule } from "../src/ledger/retention-record.ts";
import type { View } from "../src/view.ts";
import { byDueDay, type RuledGroup } from "./ruled-group.ts";

/** Groups of one view and class that follow each other and have the same term. */
export interface DayRun {
  readonly view: View;
  readonly retentionClass: string;
  readonly firstDay: Day;
  readonly lastDay: Day;
  readonly days: number;
  /** Of the first day. */
  readonly rule: GroupRule;
  readonly objects: number;
  readonly sizeBytes: number;
}

/**
 * Groups summed up for people: 730 days without a gap are one run. With `overGaps` all days of a view, class and term are.
 * The next due first.
 */
export function dayRuns(ruled: readonly RuledGroup[], overGaps = false): readonly DayRun[] {
  const runs: DayRun[] = [];
  const last = new Map<string, number>();
  for (const { group, rule } of [...ruled].sort(byDay)) {
    const { view, day, retentionClass, objects, sizeBytes } = group;
    const name = `${view} ${retentionClass} ${rule.kind} ${rule.term}`;
    const index = last.get(name);
    const run = index === undefined ? undefined : runs[index];
    if (index !== undefined && run !== undefined && (overGaps || isNextDay(run.lastDay, day))) {
      runs[index] = {
        ...run,
        lastDay: day,
        days: run.days + 1,
        objects: run.objects + objects,
        sizeBytes: run.sizeBytes + sizeBytes,
      };
      continue;
    }
    last.set(name, runs.length);
    runs.push({ view, retentionClass, firstDay: day, lastDay: day, days: 1, rule, objects, sizeBytes });
  }
  return runs.sort((a, b) => byDueDay(startOf(a), startOf(b)));
}

function byDay(a: RuledGroup, b: RuledGroup): number {
  if (a.group.day === b.group.day) return 0;
  return a.group.day < b.group.day ? -1 : 1;
}

function isNextDay(day: Day, next: Day): boolean {
  return day !== LAST_DAY && addDays(day, 1) === next;
}

function startOf({ view, firstDay, retentionClass, objects, sizeBytes, rule }: DayRun): RuledGroup {
  return { group: { view, day: firstDay, retentionClass, objects, sizeBytes }, rule };
}
