import { Temporal } from "temporal-polyfill";

/** The name of an IANA time zone as the database spells it, or of an offset (`+01:00`); undefined for what is none. */
export function canonicalZone(text: string): string | undefined {
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(text).timeZoneId;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
