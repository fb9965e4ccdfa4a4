import { type Day, LAST_DAY } from "../src/day.ts";
import { holdClassOf, lastDayOf } from "../src/holds/hold-state.ts";
import type { RecordBody } from "../src/ledger/record.ts";
import type { StoredRecord } from "../src/ledger/record-object.ts";
import type {
  PurgeBegunRecord,
  PurgeCertificateRecord,
  PurgePlannedRecord,
  RetentionPolicyRecord,
} from "../src/ledger/retention-record.ts";
import type { TrustedWriters } from "../src/ledger/trusted-writers.ts";
import { parseTerm, TERM_MAX, type Term } from "../src/term.ts";
import type { RetentionPolicy } from "./rule-for.ts";

/** What the control chain says of retention, in the order of its records: all that a decision has to know of earlier ones. */
export interface RetentionState {
  readonly policies: readonly RecordedPolicy[];
  readonly plans: readonly RecordedPlan[];
  /** Purges that have no certificate yet. */
  readonly begun: readonly BegunPurge[];
  readonly certificates: readonly CertifiedPurge[];
  /** Until when holds were to last, each time that changed, by the class of their copies. */
  readonly holdEnds: ReadonlyMap<string, readonly HoldEnd[]>;
  /** When the last run came to its end. */
  readonly lastRunMs: number | undefined;
  /** The newest time that a record tells. */
  readonly newestRecordMs: number | undefined;
}

export interface RecordedPolicy {
  readonly sequence: number;
  readonly atMs: number;
  /** Without holds. */
  readonly policy: RetentionPolicy;
}

export interface RecordedPlan {
  /** The plan's number. */
  readonly sequence: number;
  readonly atMs: number;
  readonly notBeforeMs: number;
  readonly record: PurgePlannedRecord;
  /** What was said of it last: who approves a plan that was cancelled takes it up again. */
  readonly verdict: "none" | "approved" | "cancelled";
  /** The sequence of the record that said so. */
  readonly verdictSequence: number | undefined;
}

export interface BegunPurge {
  readonly sequence: number;
  readonly record: PurgeBegunRecord;
}

export interface CertifiedPurge {
  readonly sequence: number;
  readonly record: PurgeCertificateRecord;
}

/** From `atMs` on the copies of a hold were to end with `lastDay`. */
export interface HoldEnd {
  readonly atMs: number;
  readonly lastDay: Day;
}

interface GrowingState {
  readonly policies: RecordedPolicy[];
  readonly plans: Map<number, RecordedPlan>;
  readonly begun: Map<number, BegunPurge>;
  readonly certificates: CertifiedPurge[];
  readonly holdEnds: Map<string, HoldEnd[]>;
  lastRunMs: number | undefined;
  newestRecordMs: number | undefined;
}

/** Records by keys that nobody accepted do not count, nor do those of a release that did not sign. */
export function foldRetention(
  records: readonly StoredRecord[],
  writers: Pick<TrustedWriters, "trusts">,
): RetentionState {
  const state: GrowingState = {
    policies: [],
    plans: new Map(),
    begun: new Map(),
    certificates: [],
    holdEnds: new Map(),
    lastRunMs: undefined,
    newestRecordMs: undefined,
  };
  for (const stored of records) {
    if (stored.signedBy === undefined || !writers.trusts(stored)) continue;
    const { sequence, body } = stored.record;
    const atMs = Date.parse(body.at);
    if (atMs > (state.newestRecordMs ?? Number.NEGATIVE_INFINITY)) state.newestRecordMs = atMs;
    take(state, sequence, atMs, body);
  }
  return { ...state, plans: [...state.plans.values()], begun: [...state.begun.values()] };
}

function take(state: GrowingState, sequence: number, atMs: number, body: RecordBody): void {
  switch (body.kind) {
    case "retention-policy":
      state.policies.push({ sequence, atMs, policy: readPolicy(body) });
      return;
    case "purge-planned":
      state.plans.set(sequence, newPlan(sequence, atMs, body));
      return;
    case "purge-approved":
      giveVerdict(state, body.plan, "approved", sequence);
      return;
    case "purge-cancelled":
      giveVerdict(state, body.plan, "cancelled", sequence);
      return;
    case "purge-begun":
      state.begun.set(sequence, { sequence, record: body });
      return;
    case "purge-certificate":
      // Of several for one act only the first says anything.
      if (state.begun.delete(body.begun)) state.certificates.push({ sequence, record: body });
      return;
    case "retention-ran":
      state.lastRunMs = atMs;
      return;
    case "hold-placed":
    case "hold-renewed":
      holdEnds(state, body.hold, { atMs, lastDay: body.end });
      return;
    case "hold-lifted":
      holdEnds(state, body.hold, { atMs, lastDay: liftedLastDay(state, body.hold, body.at) });
      return;
    // Of other affairs. Who adds a kind of record decides here whether retention has to know of it.
    case "batch":
    case "rewrite":
    case "purge":
    case "keys-made":
    case "keys-destroyed":
    case "keys-exported":
    case "keys-rotated":
    case "export-gone":
    case "recipients-published":
    case "hold-copied":
    case "writer-accepted":
    case "lease":
    case "lease-ended":
    case "checkpoint":
  }
}

function newPlan(sequence: number, atMs: number, record: PurgePlannedRecord): RecordedPlan {
  const notBeforeMs = Date.parse(record.notBefore);
  return { sequence, atMs, notBeforeMs, record, verdict: "none", verdictSequence: undefined };
}

function giveVerdict(
  { plans }: GrowingState,
  number: number,
  verdict: "approved" | "cancelled",
  verdictSequence: number,
): void {
  const plan = plans.get(number);
  if (plan !== undefined) plans.set(number, { ...plan, verdict, verdictSequence });
}

function readPolicy({ classes, quarantineTerm }: RetentionPolicyRecord): RetentionPolicy {
  const read = Object.entries(classes).map(
    ([name, { raw, analytics }]) => [name, { raw: readTerm(raw), analytics: readTerm(analytics) }] as const,
  );
  return { classes: Object.fromEntries(read), quarantineTerm: readTerm(quarantineTerm), holds: [] };
}

/** A term that this release cannot read counts as the longest: nothing goes early by it. */
function readTerm(text: string): Term {
  return parseTerm(text) ?? TERM_MAX;
}

function holdEnds({ holdEnds: ends }: GrowingState, id: string, end: HoldEnd): void {
  const retentionClass = holdClassOf({ id });
  const known = ends.get(retentionClass);
  if (known === undefined) ends.set(retentionClass, [end]);
  else known.push(end);
}

function liftedLastDay(state: GrowingState, id: string, liftedAt: string): Day {
  const end = state.holdEnds.get(holdClassOf({ id }))?.at(-1)?.lastDay;
  return lastDayOf({ end: end ?? LAST_DAY, liftedAt });
}
