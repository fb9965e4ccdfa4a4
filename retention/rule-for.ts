import type { Config } from "../config/config.ts";
import { addDays, type Day, LAST_DAY } from "../src/day.ts";
import type { GroupRule, PurgeGroup } from "../src/ledger/retention-record.ts";
import { formatTerm, lastDayKept, TERM_MAX, type Term } from "../src/term.ts";

export interface RetentionPolicy extends Pick<Config, "classes" | "quarantineTerm"> {
  /** The holds whose copies may lie in the store; those of others go by the longest term. */
  readonly holds: readonly HoldTerm[];
}

/** How long the copies of a hold are kept, whatever their day. */
export interface HoldTerm {
  readonly retentionClass: string;
  /** The last day on which they may be there. */
  readonly lastDay: Day;
}

const QUARANTINE_TERM_MAX: Term = { count: 90, unit: "d" };

/**
 * The policy that everybody may count on before anything was recorded: what is past it is gone whatever a config says,
 * because nothing may be kept longer.
 */
export function baselinePolicy(holds: readonly HoldTerm[]): RetentionPolicy {
  return { classes: {}, quarantineTerm: QUARANTINE_TERM_MAX, holds };
}

/**
 * Until when a group may be kept, and why. A class that the policy does not know has the longest term, the only one that
 * is sure to be allowed. The day of an object in quarantine was chosen by its writer, so that the one term, counted from it,
 * ends with 90 days from receipt or with the term of the lines' own day, whichever is first.
 */
export function ruleFor({ view, day, retentionClass }: PurgeGroup, policy: RetentionPolicy): GroupRule {
  const hold = view === "raw" ? policy.holds.find((one) => one.retentionClass === retentionClass) : undefined;
  if (hold !== undefined) return { kind: "hold", term: hold.lastDay, dueDay: dayAfter(hold.lastDay) };
  if (view === "quarantine") return ruleOf("quarantine", day, policy.quarantineTerm);
  const term = policy.classes[retentionClass]?.[view];
  return term === undefined ? ruleOf("ceiling", day, TERM_MAX) : ruleOf("class", day, term);
}

function ruleOf(kind: GroupRule["kind"], day: Day, term: Term): GroupRule {
  return { kind, term: formatTerm(term), dueDay: dueDayOf(day, term) };
}

/** The first day on which nothing of `day` may be there any more. */
export function dueDayOf(day: Day, term: Term): Day {
  return dayAfter(lastDayKept(day, term));
}

/** The last day that can be written is never over. */
function dayAfter(day: Day): Day {
  return day === LAST_DAY ? LAST_DAY : addDays(day, 1);
}
