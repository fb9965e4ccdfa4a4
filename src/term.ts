import { addDays, type Day, daysBetween, daysInMonth, formatDay, LAST_DAY } from "./day.ts";

/** How long something is kept, as a calendar period: two years end on the same date, not after 730 days. */
export interface Term {
  readonly count: number;
  readonly unit: "d" | "w" | "m" | "y";
}

/** The promise that policies make. Nothing is kept longer, but for rows under a hold. */
export const TERM_MAX: Term = { count: 2, unit: "y" };

const pattern = /^([1-9]\d{0,3})(d|w|m|mo|y)$/;

/** Reads `90d`, `26w`, `18m` (months; `mo` too) or `2y`; undefined for anything else. */
export function parseTerm(text: string): Term | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const unit = match[2] === "mo" ? "m" : match[2];
  return { count: Number(match[1]), unit: unit as Term["unit"] };
}

export function formatTerm(term: Term): string {
  return `${term.count}${term.unit}`;
}

/**
 * The last day on which something of `day` may still be there; it is due the day after, 00:00 UTC.
 * A date that the target month does not have becomes that month's last day (29 February plus two
 * years is 28 February), as Regulation (EEC, Euratom) 1182/71 art. 3(2)(c) counts periods. A term that runs
 * past the last day that can be written ends on it.
 */
export function lastDayKept(day: Day, term: Term): Day {
  if (term.unit === "d" || term.unit === "w") {
    const days = daysOf(term);
    return days > daysBetween(day, LAST_DAY) ? LAST_DAY : addDays(day, days);
  }
  const months = term.unit === "m" ? term.count : term.count * 12;
  const monthIndex = Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)) - 1 + months;
  const year = Math.floor(monthIndex / 12);
  if (year > 9999) return LAST_DAY;
  const month = (monthIndex % 12) + 1;
  return formatDay(year, month, Math.min(Number(day.slice(8, 10)), daysInMonth(year, month)));
}

/** The day on which something of `day` is due to be gone: the first day after {@link lastDayKept}. Throws if there is none. */
export function dueDay(day: Day, term: Term): Day {
  return addDays(lastDayKept(day, term), 1);
}

/** The oldest day of which something may still be there on `today`. The day before it is past its term. */
export function oldestKeptDay(today: Day, term: Term): Day {
  let day = addDays(today, -daysAtMost(term));
  while (lastDayKept(day, term) < today) day = addDays(day, 1);
  return day;
}

/** True when `term` could, for some day of the calendar, keep something longer than `ceiling`. */
export function exceeds(term: Term, ceiling: Term): boolean {
  const months = monthsOf(term);
  const ceilingMonths = monthsOf(ceiling);
  if (months !== undefined && ceilingMonths !== undefined) return months > ceilingMonths;
  return daysAtMost(term) > shortestDays(ceiling);
}

/** Undefined for a term that is counted in days or weeks. */
function monthsOf({ count, unit }: Term): number | undefined {
  if (unit === "y") return count * 12;
  return unit === "m" ? count : undefined;
}

function daysOf({ count, unit }: Term): number {
  return unit === "w" ? count * 7 : count;
}

/** An upper bound for the days that a term may last, at most two above the truth. */
export function daysAtMost(term: Term): number {
  const months = monthsOf(term);
  return months === undefined ? daysOf(term) : Math.ceil((months * 365.25) / 12) + 2;
}

/** A lower bound; exact for whole years. */
function shortestDays(term: Term): number {
  const months = monthsOf(term);
  return months === undefined ? daysOf(term) : Math.floor((months * 365) / 12);
}
