import { addDays, type Day } from "../day.ts";
import type { SealedView } from "../seal/day-key-name.ts";
import type { KeyEntry } from "./keyring.ts";
import { isKept, type KeyringSight } from "./keyring-sight.ts";

/** The keys of a view and class, from the first day that one was made for to the last. */
export interface SeriesReport {
  readonly view: SealedView;
  readonly retentionClass: string;
  readonly firstDay: Day;
  readonly lastDay: Day;
  readonly kept: number;
  readonly destroyed: number;
  /** Days behind today that have a key, without a gap; undefined when the config does not ask for any. */
  readonly daysLeft: number | undefined;
}

/** By view and class, in the order of the entries. */
export function planSeries({ entries, wished, today }: KeyringSight): readonly SeriesReport[] {
  const groups = new Map<string, KeyEntry[]>();
  for (const entry of entries) {
    const name = `${entry.view}/${entry.retentionClass}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [entry]);
    else group.push(entry);
  }
  return [...groups.values()].flatMap((group) => {
    const days = group.map(({ day }) => day).sort();
    const [first] = group;
    const [firstDay] = days;
    const lastDay = days.at(-1);
    if (first === undefined || firstDay === undefined || lastDay === undefined) return [];
    const { view, retentionClass } = first;
    const isWished = wished.some((one) => one.view === view && one.retentionClass === retentionClass);
    const kept = group.filter(isKept).length;
    return [
      {
        view,
        retentionClass,
        firstDay,
        lastDay,
        kept,
        destroyed: group.length - kept,
        daysLeft: isWished ? daysAhead(new Set(days), today) : undefined,
      },
    ];
  });
}

/** A key that was destroyed early leaves no gap: it is missing on purpose. */
function daysAhead(days: ReadonlySet<Day>, today: Day): number {
  let count = 0;
  while (days.has(addDays(today, count))) count++;
  return Math.max(0, count - 1);
}
