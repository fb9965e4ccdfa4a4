/** A civil day in UTC, `YYYY-MM-DD`, years 0000 to 9999. Made only by the functions of this file. */
export type Day = string & { readonly __brand: "Day" };

export const MS_PER_DAY = 86_400_000;

/** The last day that four digits can write. */
export const LAST_DAY = "9999-12-31" as Day;

const dayPattern = /^\d{4}-\d{2}-\d{2}$/;

/** Number of days in a month; `month` is 1 to 12. */
export function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function isLeapYear(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

/**
 * Days since 1970-01-01 of a date in the proleptic Gregorian calendar, by arithmetic alone, because
 * `Date.UTC` reads years 0 to 99 as 1900 to 1999. Source: Howard Hinnant, "chrono-Compatible Low-Level
 * Date Algorithms", days_from_civil.
 */
export function epochDayOf(year: number, month: number, dayOfMonth: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + dayOfMonth - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** The inverse of {@link epochDayOf}, as a {@link Day}. Throws for a year outside 0 to 9999. */
export function dayOfEpochDay(daysSinceEpoch: number): Day {
  const shifted = daysSinceEpoch + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  // Negated, so that NaN throws as well.
  if (!(year >= 0 && year <= 9999))
    throw new RangeError(`no day: epoch day ${daysSinceEpoch} is outside the years 0 to 9999`);
  return formatDay(year, month, dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1);
}

/** The UTC day of an instant in milliseconds since 1970. */
export function dayOfMs(ms: number): Day {
  return dayOfEpochDay(Math.floor(ms / MS_PER_DAY));
}

export function epochDay(day: Day): number {
  return epochDayOf(Number(day.slice(0, 4)), Number(day.slice(5, 7)), Number(day.slice(8, 10)));
}

/** The first millisecond of the day. */
export function startMs(day: Day): number {
  return epochDay(day) * MS_PER_DAY;
}

export function addDays(day: Day, count: number): Day {
  return dayOfEpochDay(epochDay(day) + count);
}

/** How many days `to` is after `from`; negative when it is before. */
export function daysBetween(from: Day, to: Day): number {
  return epochDay(to) - epochDay(from);
}

/** Reads `YYYY-MM-DD`; undefined for anything that is no day of the calendar (`2026-02-31`). */
export function parseDay(text: string): Day | undefined {
  if (!dayPattern.test(text)) return undefined;
  const year = Number(text.slice(0, 4));
  const month = Number(text.slice(5, 7));
  const dayOfMonth = Number(text.slice(8, 10));
  if (month < 1 || month > 12 || dayOfMonth < 1 || dayOfMonth > daysInMonth(year, month)) return undefined;
  return text as Day;
}

/** `year`, `month` 1 to 12 and `dayOfMonth` must be a day of the calendar. */
export function formatDay(year: number, month: number, dayOfMonth: number): Day {
  return `${digits(year, 4)}-${digits(month, 2)}-${digits(dayOfMonth, 2)}` as Day;
}

function digits(value: number, count: number): string {
  return String(value).padStart(count, "0");
}
