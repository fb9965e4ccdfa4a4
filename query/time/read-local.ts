import { Temporal } from "temporal-polyfill";
import { parseDay } from "../../src/day.ts";
import { canonicalZone } from "./zone.ts";

/** A day, or a time of a day, as clocks on a wall somewhere show it. */
export interface LocalMoment {
  readonly date: Temporal.PlainDate;
  /** Undefined for the whole day. */
  readonly time: Temporal.PlainTime | undefined;
  readonly zone: string;
  /** True for a weekday: what it says lies in the past, so a later time of today is last week's. */
  readonly isLatestPast: boolean;
}

const weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const clock = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:[.,](\d{1,9}))?)?$/;

/**
 * Reads `DATE [TIME] [ZONE]`: the date as `2026-11-01`, `today`, `yesterday` or a weekday (three letters
 * will do); date and time may be joined by `T`. Undefined for anything else.
 */
export function readLocal(text: string, nowMs: number, defaultZone: string): LocalMoment | undefined {
  const words = text.replace(/^(\d{4}-\d{2}-\d{2})T(?=\d)/i, "$1 ").split(" ");
  const [dateWord = "", second, third] = words;
  if (words.length > 3) return undefined;
  const hasTime = second !== undefined && clock.test(second);
  if (third !== undefined && !hasTime) return undefined;
  const zoneWord = hasTime ? third : second;
  const zone = zoneWord === undefined ? defaultZone : canonicalZone(zoneWord);
  if (zone === undefined) return undefined;
  const date = readDate(dateWord.toLowerCase(), nowMs, zone);
  if (date === undefined) return undefined;
  const isLatestPast = weekdayOf(dateWord.toLowerCase()) !== undefined;
  return { date, time: hasTime ? readTime(second) : undefined, zone, isLatestPast };
}

function readDate(word: string, nowMs: number, zone: string): Temporal.PlainDate | undefined {
  const day = parseDay(word);
  if (day !== undefined) return Temporal.PlainDate.from(day);
  const today = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(zone).toPlainDate();
  if (word === "today") return today;
  if (word === "yesterday") return today.subtract({ days: 1 });
  const weekday = weekdayOf(word);
  return weekday === undefined ? undefined : today.subtract({ days: (today.dayOfWeek - weekday + 7) % 7 });
}

/** 1 is Monday, as in ISO 8601. */
function weekdayOf(word: string): number | undefined {
  const index = weekdays.findIndex((name) => name === word || name.slice(0, 3) === word);
  return index === -1 ? undefined : index + 1;
}

function readTime(word: string): Temporal.PlainTime | undefined {
  const [, hour, minute, second = "0", fraction = ""] = clock.exec(word) ?? [];
  return Temporal.PlainTime.from({
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    millisecond: Number(fraction.slice(0, 3).padEnd(3, "0")),
  });
}
