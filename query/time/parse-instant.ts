import { epochDayOf, MS_PER_DAY } from "../../src/day.ts";
import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";
import { parseDuration } from "./duration.ts";
import { readAbsolute } from "./read-absolute.ts";
import { type LocalMoment, readLocal } from "./read-local.ts";
import { type Edge, resolveLocalDay, resolveLocalTime } from "./resolve-local.ts";

export interface InstantContext {
  /** The clock, ms since 1970. */
  readonly nowMs: number;
  /** The zone of what names none: a canonical IANA name. */
  readonly zone: string;
  readonly edge: Edge;
}

/** The years that a partition's day can name. */
const INSTANT_MIN_MS = epochDayOf(0, 1, 1) * MS_PER_DAY;
const INSTANT_MAX_MS = epochDayOf(10_000, 1, 1) * MS_PER_DAY;

/** The longest form is a log line's time with a zone behind it; nothing longer is looked at. */
const TEXT_LENGTH_MAX = 80;

const EXAMPLES = "`2026-11-01 14:00 Europe/Amsterdam`, `yesterday 14:00`, `90 minutes ago`";

/**
 * Reads an instant as people write it, as ms since 1970:
 *
 * - with an offset: `2026-11-01T14:00:05.123Z`, `2026-11-01 14:00 +01:00`, `22/Nov/2026:14:00:00 +0100`;
 * - by the clocks of `zone`, or of a zone behind it: `2026-11-01 14:00 Europe/Amsterdam`, `today 09:00 UTC`,
 *   `yesterday 14:00`, `monday 09:00` (the latest one that is past);
 * - a whole day: `2026-11-01`, `today`, `monday`: its start as `from`, the start of the next day as `until`;
 * - counted back: `now`, `2d ago`, `90 minutes ago`; the epoch in seconds (10 digits) or ms (13).
 *
 * A local time that happens twice is the earlier instant as `from`, the later as `until`. Throws UserError
 * for one that does not exist and for anything that is not understood.
 */
export function parseInstant(text: string, { nowMs, zone, edge }: InstantContext): number {
  const words = text.length > TEXT_LENGTH_MAX ? "" : text.trim().replaceAll(/\s+/g, " ");
  const local = readLocal(words, nowMs, zone);
  const ms =
    readAbsolute(words) ?? readCountedBack(words, nowMs) ?? (local && resolveLocal(local, nowMs, edge));
  if (ms === undefined || ms < INSTANT_MIN_MS || ms > INSTANT_MAX_MS) {
    throw new UserError(
      `--${edge}: "${text.slice(0, TEXT_LENGTH_MAX)}" is no time that is understood. Write it like ${EXAMPLES}`,
      exitCode.usage,
    );
  }
  return ms;
}

function readCountedBack(words: string, nowMs: number): number | undefined {
  const lower = words.toLowerCase();
  if (lower === "now") return nowMs;
  const durationMs = lower.endsWith(" ago") ? parseDuration(lower.slice(0, -4)) : undefined;
  return durationMs === undefined ? undefined : nowMs - durationMs;
}

function resolveLocal({ date, time, zone, isLatestPast }: LocalMoment, nowMs: number, edge: Edge): number {
  if (time === undefined) return resolveLocalDay(date, zone, edge);
  const ms = resolveLocalTime(date.toPlainDateTime(time), zone, edge);
  if (!isLatestPast || ms <= nowMs) return ms;
  return resolveLocalTime(date.subtract({ days: 7 }).toPlainDateTime(time), zone, edge);
}
