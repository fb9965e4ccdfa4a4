import { addDays, type Day, dayOfMs } from "../day.ts";
import type { HoldCopiedRecord, HoldPlacedRecord, HoldRecord } from "../ledger/hold-record.ts";
import type { RecordBody } from "../ledger/record.ts";
import type { StoredRecord } from "../ledger/record-object.ts";
import type { Attachment } from "../ledger/recorded-object.ts";
import type { PurgeGroup } from "../ledger/retention-record.ts";
import type { TrustedWriters } from "../ledger/trusted-writers.ts";
import { HOLD_CLASS_PREFIX } from "../partition.ts";

/** What the control chain says of a hold. */
export interface Hold {
  /** 8 hex digits. */
  readonly id: string;
  readonly case: string;
  readonly basis: string;
  /** ISO 8601. */
  readonly placedAt: string;
  /** Of the rows that are held, by their UTC day; both included. */
  readonly firstDay: Day;
  readonly lastDay: Day;
  /** The last day on which its copies may be there, as it was placed or last renewed. */
  readonly end: Day;
  /** ISO 8601. Undefined for a hold that nobody lifted. */
  readonly liftedAt?: string;
  readonly scope: Attachment;
  /** How many domains and addresses the scope has. */
  readonly domains: number;
  readonly addresses: number;
  /** By day, in the order of their records: what was looked through, and what was found there. */
  readonly copied: ReadonlyMap<Day, readonly HoldCopiedRecord[]>;
}

/** How long the copies of a hold are kept, whatever their day. */
export interface HoldTerm {
  readonly retentionClass: string;
  /** The last day on which they may be there. */
  readonly lastDay: Day;
}

interface GrowingHold extends Omit<Hold, "copied" | "end" | "liftedAt"> {
  end: Day;
  liftedAt: string | undefined;
  readonly copied: Map<Day, HoldCopiedRecord[]>;
}

/**
 * Every hold that was ever placed, in the order in which they were. Records by keys that nobody accepted do not count, nor
 * does what is said of a hold that was never placed, or once it was lifted.
 */
export function foldHolds(
  records: readonly StoredRecord[],
  writers: Pick<TrustedWriters, "trusts">,
): readonly Hold[] {
  const holds = new Map<string, GrowingHold>();
  for (const stored of records) {
    const { body } = stored.record;
    if (!isHoldRecord(body) || !writers.trusts(stored)) continue;
    if (body.kind === "hold-placed") {
      if (!holds.has(body.hold)) holds.set(body.hold, placed(body));
      continue;
    }
    const hold = holds.get(body.hold);
    if (hold !== undefined && hold.liftedAt === undefined) take(hold, body);
  }
  return [...holds.values()].map(({ liftedAt, ...hold }) =>
    liftedAt === undefined ? hold : { ...hold, liftedAt },
  );
}

function placed(record: HoldPlacedRecord): GrowingHold {
  const { hold, at, basis, firstDay, lastDay, end, scope, domains, addresses } = record;
  return {
    id: hold,
    case: record.case,
    basis,
    placedAt: at,
    firstDay,
    lastDay,
    end: atMostDays(at, end),
    liftedAt: undefined,
    scope,
    domains,
    addresses,
    copied: new Map(),
  };
}

function take(hold: GrowingHold, record: Exclude<HoldRecord, HoldPlacedRecord>): void {
  if (record.kind === "hold-renewed") hold.end = atMostDays(record.at, record.end);
  else if (record.kind === "hold-lifted") hold.liftedAt = record.at;
  else hold.copied.set(record.day, [...(hold.copied.get(record.day) ?? []), record]);
}

/** A hold that goes on is renewed, each time with a reason. */
export const HOLD_DAYS_MAX = 90;

/** No record makes a hold longer than it may be from its own day on, whoever wrote it. */
function atMostDays(at: string, end: Day): Day {
  const longest = addDays(dayOfMs(Date.parse(at)), HOLD_DAYS_MAX);
  return end < longest ? end : longest;
}

function isHoldRecord(body: RecordBody): body is HoldRecord {
  return (
    body.kind === "hold-placed" ||
    body.kind === "hold-copied" ||
    body.kind === "hold-renewed" ||
    body.kind === "hold-lifted"
  );
}

/** Until when the copies of each hold are kept, also of those that have ended: what is left of them is due. */
export function holdTerms(holds: readonly Hold[]): readonly HoldTerm[] {
  return holds.map((hold) => ({ retentionClass: holdClassOf(hold), lastDay: lastDayOf(hold) }));
}

/** The last day of a hold: its end, or the day before the one on which it was lifted. */
export function lastDayOf({ end, liftedAt }: Pick<Hold, "end" | "liftedAt">): Day {
  if (liftedAt === undefined) return end;
  const before = addDays(dayOfMs(Date.parse(liftedAt)), -1);
  return before < end ? before : end;
}

/** True while its copies may be there. */
export function isLive(hold: Pick<Hold, "end" | "liftedAt">, today: Day): boolean {
  return hold.liftedAt === undefined && today <= hold.end;
}

/** The retention class of a hold's copies. */
export function holdClassOf({ id }: Pick<Hold, "id">): string {
  return `${HOLD_CLASS_PREFIX}${id}`;
}

/** True when rows of the group may be such as are held. Copies for holds are nobody's rows. */
export function touches({ firstDay, lastDay }: Hold, { view, day, retentionClass }: PurgeGroup): boolean {
  return view === "raw" && firstDay <= day && day <= lastDay && !retentionClass.startsWith(HOLD_CLASS_PREFIX);
}
