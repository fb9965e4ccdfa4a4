import type { Day } from "../src/day.ts";
import type { KeyEntry } from "../src/keyring/keyring.ts";
import type { DayKeyName } from "../src/seal/day-key-name.ts";
import { lastDayKept } from "../src/term.ts";
import { type RetentionPolicy, ruleFor } from "./rule-for.ts";

/** As many missed days are made up unasked; more are a wrong clock, or a term that became shorter by mistake. */
export const DAYS_AT_ONCE_MAX = 31;

/**
 * The keys that are kept and whose day is past its term, by the rule by which objects are: a key is never due before
 * an object that is sealed for it. A day that never had an object has a key all the same, and it is due as well.
 */
export function dueKeys(
  entries: readonly KeyEntry[],
  policy: RetentionPolicy,
  today: Day,
): readonly DayKeyName[] {
  return entries
    .filter(({ view, day, retentionClass, destroyedAt }) => {
      const { term } = ruleFor(view, retentionClass, policy);
      return destroyedAt === undefined && today > lastDayKept(day, term);
    })
    .map(({ view, day, retentionClass }) => ({ view, day, retentionClass }));
}
