import type { Temporal } from "temporal-polyfill";
import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";

/** Which end of a range an instant is: where a local time is not one instant, the range is the longer one. */
export type Edge = "from" | "until";

/**
 * The instant of a local time, in ms. One that happens twice, because clocks go back, is the earlier instant
 * as `from` and the later as `until`. Throws UserError for one that does not exist, and names the gap.
 */
export function resolveLocalTime(local: Temporal.PlainDateTime, zone: string, edge: Edge): number {
  const zoned = local.toZonedDateTime(zone, { disambiguation: edge === "from" ? "earlier" : "later" });
  if (!zoned.toPlainDateTime().equals(local)) throw gapError(local, zone);
  return zoned.epochMilliseconds;
}

/**
 * A whole day: as `from` its first instant, as `until` the first instant of the next day, exclusive. Midnight
 * itself may not exist; the day then begins later. Throws UserError for a day that a zone skipped altogether.
 */
export function resolveLocalDay(date: Temporal.PlainDate, zone: string, edge: Edge): number {
  const first = date.toZonedDateTime(zone);
  if (!first.toPlainDate().equals(date)) throw gapError(date.toPlainDateTime(), zone);
  return edge === "from"
    ? first.epochMilliseconds
    : date.add({ days: 1 }).toZonedDateTime(zone).epochMilliseconds;
}

function gapError(local: Temporal.PlainDateTime, zone: string): UserError {
  const before = local.toZonedDateTime(zone, { disambiguation: "earlier" });
  const after = before.getTimeZoneTransition("next");
  const jump =
    after === null
      ? ""
      : `: the clocks went from ${wallTime(clockBefore(after))} to ${wallTime(after.toPlainDateTime())}`;
  return new UserError(
    `${wallTime(local)} does not exist in ${zone}${jump}. Give a time outside that gap, or one with an offset, such as ${before.toInstant().toString()}`,
    exitCode.usage,
  );
}

/** What the clocks showed when they were put forward. */
function clockBefore(transition: Temporal.ZonedDateTime): Temporal.PlainDateTime {
  return transition.subtract({ milliseconds: 1 }).toPlainDateTime().add({ milliseconds: 1 });
}

function wallTime(local: Temporal.PlainDateTime): string {
  return local.toString({ smallestUnit: "minute" }).replace("T", " ");
}
