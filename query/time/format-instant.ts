import { Temporal } from "temporal-polyfill";

/** Every zone's offset has been constant between quarters of an hour since 1972; before that, the log has no lines. */
const OFFSET_CONSTANT_MS = 15 * 60_000;

/**
 * A function that writes instants for people: `2026-11-22 14:00:05.123`, the ms only if there are any; in a
 * zone that is not UTC with the offset behind it, so that the hour that happens twice can be told apart.
 */
export function createInstantFormat(zone: string): (ms: number) => string {
  let knownQuarter = Number.NaN;
  let offset = { ms: 0, text: "" };
  return (ms) => {
    const quarter = Math.floor(ms / OFFSET_CONSTANT_MS);
    if (quarter !== knownQuarter) {
      knownQuarter = quarter;
      offset = offsetAt(ms, zone);
    }
    const text = new Date(ms + offset.ms).toISOString().slice(0, -1).replace("T", " ");
    return `${text.endsWith(".000") ? text.slice(0, -4) : text}${offset.text}`;
  };
}

function offsetAt(ms: number, zone: string): { readonly ms: number; readonly text: string } {
  const zoned = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone);
  return { ms: zoned.offsetNanoseconds / 1_000_000, text: zone === "UTC" ? "" : zoned.offset };
}
