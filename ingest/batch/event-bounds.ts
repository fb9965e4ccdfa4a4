import { addDays, type Day, dayOfMs, epochDay, MS_PER_DAY } from "../../src/day.ts";
import { lastDayKept, oldestKeptDay, type Term } from "../../src/term.ts";

/** What times a line may have to be stored. Epoch days; by class index where they depend on the class. */
export interface EventBounds {
  /** Later instants are in the future: more than a day ahead of the clock. */
  readonly latestMs: number;
  readonly today: number;
  /** The oldest day of which some view still keeps something. Older lines are refused. */
  readonly oldestDay: Int32Array;
  readonly oldestRawDay: Int32Array;
  readonly oldestAnalyticsDay: Int32Array;
  /** Days within their term whose key was destroyed: their lines are refused. Undefined when there are none. */
  readonly closed: ClosedDays | undefined;
}

/** Epoch days. */
export interface ClosedDays {
  /** By class index. */
  readonly closedRawDays: readonly ReadonlySet<number>[];
  readonly closedQuarantineDays: ReadonlySet<number>;
}

/** A class of retention, as far as it matters here. */
export interface ClassPolicy {
  readonly name: string;
  readonly raw: Term;
  readonly analytics: Term;
}

export function eventBounds(
  nowMs: number,
  classes: readonly ClassPolicy[],
  closed?: ClosedDays,
): EventBounds {
  const today = dayOfMs(nowMs);
  const oldest = (term: Term): number => epochDay(oldestKeptDay(today, term));
  return {
    latestMs: nowMs + MS_PER_DAY,
    today: epochDay(today),
    oldestDay: Int32Array.from(classes, ({ raw, analytics }) => Math.min(oldest(raw), oldest(analytics))),
    oldestRawDay: Int32Array.from(classes, ({ raw }) => oldest(raw)),
    oldestAnalyticsDay: Int32Array.from(classes, ({ analytics }) => oldest(analytics)),
    closed: closed !== undefined && hasDays(closed) ? closed : undefined,
  };
}

function hasDays({ closedRawDays, closedQuarantineDays }: ClosedDays): boolean {
  return closedQuarantineDays.size > 0 || closedRawDays.some(({ size }) => size > 0);
}

/**
 * The day whose partition holds a line in quarantine: the day of receipt, or an earlier one, so that the
 * quarantine's term from there ends no later than the term of the day that the line is taken to be of. So
 * what is due follows from an object's name alone.
 */
export function quarantineDay(receipt: Day, estimated: Day, rawTerm: Term, quarantineTerm: Term): Day {
  const latest = lastDayKept(estimated, rawTerm);
  let day = receipt;
  while (lastDayKept(day, quarantineTerm) > latest) day = addDays(day, -1);
  return day;
}
