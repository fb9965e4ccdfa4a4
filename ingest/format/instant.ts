import { daysInMonth, epochDayOf, MS_PER_DAY } from "../../src/day.ts";

/** A date and a time of day as a log line spells them, before anybody has asked whether they exist. */
export interface CivilTime {
  year: number;
  /** 1 to 12; 0 for a month's name that is none. */
  month: number;
  dayOfMonth: number;
  hour: number;
  minute: number;
  second: number;
  millisecond: number;
  /** Minutes east of UTC; NaN for an offset that is none, such as `+0575`. */
  offsetMinutes: number;
}

const MS_PER_MINUTE = 60_000;

/** No offset reaches a whole day. */
const OFFSET_MINUTES_MAX = 1439;

const INSTANT_MIN_MS = epochDayOf(0, 1, 1) * MS_PER_DAY;
const INSTANT_MAX_MS = epochDayOf(10_000, 1, 1) * MS_PER_DAY - 1;

/**
 * The instant in ms since 1970, or NaN when there is none: `31/Feb`, hour 24, minute 60, an offset of a day or
 * more, or a time that is in UTC outside the years 0000 to 9999. A leap second, `:60`, is the last
 * millisecond of its own minute: it stays on its day and before the next minute.
 */
export function instantMs(time: CivilTime): number {
  const { year, month, dayOfMonth, hour, minute, second, offsetMinutes } = time;
  if (month < 1 || month > 12 || dayOfMonth < 1 || dayOfMonth > daysInMonth(year, month)) return Number.NaN;
  if (hour > 23 || minute > 59 || second > 60) return Number.NaN;
  if (!(Math.abs(offsetMinutes) <= OFFSET_MINUTES_MAX)) return Number.NaN;
  const seconds = second === 60 ? 59_999 : second * 1000 + time.millisecond;
  const minutes = hour * 60 + minute - offsetMinutes;
  return boundedInstantMs(
    epochDayOf(year, month, dayOfMonth) * MS_PER_DAY + minutes * MS_PER_MINUTE + seconds,
  );
}

/** `ms`, or NaN when it lies outside the years 0000 to 9999, for which there is no day. */
export function boundedInstantMs(ms: number): number {
  return ms >= INSTANT_MIN_MS && ms <= INSTANT_MAX_MS ? ms : Number.NaN;
}

/** Minutes east of UTC of `+HHMM`, or NaN where the minutes are no minutes. */
export function offsetMinutesOf(sign: number, hours: number, minutes: number): number {
  return minutes > 59 ? Number.NaN : sign * (hours * 60 + minutes);
}

const monthNames = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const monthKeys = new Int32Array(monthNames.map((name) => monthKey(new TextEncoder().encode(name), 0)));

/** 1 to 12, or 0 when the three letters at `at` name no month. In English, as servers write them in every locale. */
export function monthOfName(bytes: Uint8Array, at: number): number {
  return monthKeys.indexOf(monthKey(bytes, at)) + 1;
}

function monthKey(bytes: Uint8Array, at: number): number {
  const first = (bytes[at] as number) | 0x20;
  const second = (bytes[at + 1] as number) | 0x20;
  return (first << 16) | (second << 8) | (bytes[at + 2] as number) | 0x20;
}
