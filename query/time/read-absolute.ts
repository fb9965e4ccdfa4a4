import { type Day, daysInMonth, epochDay, formatDay, MS_PER_DAY, parseDay } from "../../src/day.ts";

const iso =
  /^(\d{4}-\d{2}-\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)? ?(Z|[+-]\d{2}(?::?\d{2})?)$/i;
const commonLog = /^\[?(\d{2})\/([A-Za-z]{3})\/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-]\d{2}:?\d{2})\]?$/;
const epochSeconds = /^(\d{10})(?:\.(\d{1,9}))?$/;
const epochMs = /^\d{13}$/;

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/**
 * Reads what names one instant by itself, as ms since 1970: ISO 8601 with `Z` or an offset, the time of a log
 * line (`22/Nov/2026:14:00:00 +0100`, brackets allowed), and the epoch in seconds (10 digits, a fraction
 * allowed) or ms (13 digits). Undefined for anything else. What is finer than a millisecond is cut off.
 */
export function readAbsolute(text: string): number | undefined {
  return readIso(text) ?? readCommonLog(text) ?? readEpoch(text);
}

function readIso(text: string): number | undefined {
  const [, dayText = "", hour = "", minute = "", second = "0", fraction = "", offset = ""] =
    iso.exec(text) ?? [];
  const day = parseDay(dayText);
  return day && instantOf(day, { hour, minute, second, fraction, offset });
}

function readCommonLog(text: string): number | undefined {
  const [, dayOfMonth = "", monthName = "", year = "", hour = "", minute = "", second = "", offset = ""] =
    commonLog.exec(text) ?? [];
  const month = months.indexOf(monthName.toLowerCase()) + 1;
  if (month === 0 || Number(dayOfMonth) < 1 || Number(dayOfMonth) > daysInMonth(Number(year), month))
    return undefined;
  const day = formatDay(Number(year), month, Number(dayOfMonth));
  return instantOf(day, { hour, minute, second, fraction: "", offset });
}

function readEpoch(text: string): number | undefined {
  if (epochMs.test(text)) return Number(text);
  const match = epochSeconds.exec(text);
  return match === null ? undefined : Number(match[1]) * 1000 + msOfFraction(match[2] ?? "");
}

interface ClockTime {
  readonly hour: string;
  readonly minute: string;
  readonly second: string;
  readonly fraction: string;
  readonly offset: string;
}

function instantOf(day: Day, { hour, minute, second, fraction, offset }: ClockTime): number | undefined {
  const offsetMs = msOfOffset(offset);
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59 || offsetMs === undefined)
    return undefined;
  const seconds = Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  return epochDay(day) * MS_PER_DAY + seconds * 1000 + msOfFraction(fraction) - offsetMs;
}

function msOfFraction(digits: string): number {
  return Number(digits.slice(0, 3).padEnd(3, "0"));
}

/** ms east of Greenwich. */
function msOfOffset(text: string): number | undefined {
  if (text === "Z" || text === "z") return 0;
  const hours = Number(text.slice(1, 3));
  const minutes = Number(text.slice(3).replace(":", ""));
  if (hours > 23 || minutes > 59) return undefined;
  return (text.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
