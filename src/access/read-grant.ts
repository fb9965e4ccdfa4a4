import { addDays, type Day, daysBetween, parseDay } from "../day.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import type { Grant } from "./role.ts";

/** A grant is for one investigation; who needs longer asks again. */
const GRANT_MS_MAX = 24 * 3_600_000;

/** Each day takes room in a policy, of which Amazon allows little; a plan that does not fit is refused anyhow. */
const DAYS_MAX = 31;

/**
 * Reads days (`2026-11-22`, or `2026-11-20..2026-11-22`) and an end, in ms since 1970. Undefined when neither is
 * given. Throws UserError for anything that makes no grant.
 */
export function readGrant(
  days: readonly string[],
  untilMs: number | undefined,
  nowMs: number,
): Grant | undefined {
  if (days.length === 0 && untilMs === undefined) return undefined;
  if (days.length === 0) throw mistake("--until without --day grants nothing: say which days may be read");
  if (untilMs === undefined)
    throw mistake("a grant must end: say when with --until, at most 24 hours from now");
  if (untilMs <= nowMs) throw mistake("--until has passed already: say an instant within the next 24 hours");
  if (untilMs - nowMs > GRANT_MS_MAX) {
    throw mistake("a grant lasts at most 24 hours: say an earlier --until, and grant it anew if need be");
  }
  const named = [...new Set(days.flatMap(daysIn))].sort();
  if (named.length > DAYS_MAX) {
    throw mistake(
      `a grant is for at most ${DAYS_MAX} days, these are ${named.length}: name those that matter`,
    );
  }
  return { days: named, untilMs };
}

function daysIn(text: string): readonly Day[] {
  const [first = "", last = first, ...others] = text.split("..");
  const from = parseDay(first);
  const to = parseDay(last);
  if (from === undefined || to === undefined || to < from || others.length > 0) {
    throw mistake(`--day ${text} is no day: write 2026-11-22, or 2026-11-20..2026-11-22`);
  }
  const count = Math.min(daysBetween(from, to), DAYS_MAX) + 1;
  return Array.from({ length: count }, (_, index) => addDays(from, index));
}

function mistake(message: string): UserError {
  return new UserError(message, exitCode.usage);
}
