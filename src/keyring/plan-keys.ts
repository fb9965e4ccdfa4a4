import type { Config } from "../../config/config.ts";
import { addDays, type Day } from "../day.ts";
import { type DayKeyName, formatDayKey, type SealedView } from "../seal/day-key-name.ts";
import { oldestKeptDay, type Term } from "../term.ts";

/** So many days ahead there are keys: a custodian who is away for a year stops no node. */
const DAYS_AHEAD = 400;

/** With fewer days left than this, somebody must see to it. */
export const LOW_DAYS = 60;

/** The one class of quarantine: of a line that nobody could read, nobody knows the domain. */
export const QUARANTINE_CLASS = "standard";

/** Keys that there should be: one for each day from `firstDay` to `lastDay`. */
export interface WishedSeries {
  readonly view: SealedView;
  readonly retentionClass: string;
  readonly firstDay: Day;
  readonly lastDay: Day;
}

/** For each view and class: the whole past term, since old logs may come in at any time, and {@link DAYS_AHEAD}. */
export function wishedSeries(
  policy: Pick<Config, "classes" | "quarantineTerm">,
  today: Day,
): readonly WishedSeries[] {
  const series = (view: SealedView, retentionClass: string, term: Term): WishedSeries => ({
    view,
    retentionClass,
    firstDay: oldestKeptDay(today, term),
    lastDay: addDays(today, DAYS_AHEAD),
  });
  return [
    ...Object.entries(policy.classes).map(([name, { raw }]) => series("raw", name, raw)),
    series("quarantine", QUARANTINE_CLASS, policy.quarantineTerm),
  ];
}

/**
 * How many days behind `today` every view and class has had a key made for, without a gap. A key that was
 * destroyed early leaves none: it is missing on purpose. 0 also when today's own is missing.
 */
export function daysLeft(
  entries: readonly DayKeyName[],
  wished: readonly WishedSeries[],
  today: Day,
): number {
  const made = new Set(entries.map(formatDayKey));
  const isMade = (day: Day): boolean =>
    wished.every(({ view, retentionClass }) => made.has(formatDayKey({ view, retentionClass, day })));
  if (wished.length === 0) return 0;
  let days = 0;
  while (isMade(addDays(today, days))) days++;
  return Math.max(0, days - 1);
}
