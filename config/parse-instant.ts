import { MS_PER_DAY, parseDay, startMs } from "../src/day.ts";

const pattern = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?(Z|[+-]\d{2}:\d{2}))?$/;

/**
 * Reads an ISO 8601 instant: a day (its first millisecond in UTC), or day and time with `Z` or an offset.
 * Undefined for anything else, an instant without an offset included: its meaning would depend on the
 * machine's time zone.
 */
export function parseInstant(text: string): number | undefined {
  const [, dayText = "", hours = "0", minutes = "0", seconds = "0", fraction = "0", zone = "Z"] =
    pattern.exec(text) ?? [];
  const day = parseDay(dayText);
  const offsetMs = parseOffset(zone);
  if (day === undefined || offsetMs === undefined) return undefined;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  const secondOfDay = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  const instant = startMs(day) + secondOfDay * 1000 + Number(fraction.padEnd(3, "0")) - offsetMs;
  return Math.abs(instant) <= 100_000_000 * MS_PER_DAY ? instant : undefined;
}

/** ms east of Greenwich. */
function parseOffset(zone: string): number | undefined {
  if (zone === "Z") return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4, 6));
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
