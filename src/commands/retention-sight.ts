import { decidePurge } from "../../retention/decide-purge.ts";
import { decideKeys, type KeyDecision } from "../../retention/due-keys.ts";
import { type ListedViews, listViews } from "../../retention/io/list-views.ts";
import type { PurgeDecision } from "../../retention/purge-decision.ts";
import { foldRetention, type RetentionState } from "../../retention/retention-state.ts";
import type { RetentionPolicy } from "../../retention/rule-for.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { foldHolds, holdTerms } from "../holds/hold-state.ts";
import { findLastCheckpoint } from "../ledger/last-checkpoint.ts";
import type { RecordedHead } from "../ledger/ledger-affair.ts";
import type { StoredRecord } from "../ledger/record-object.ts";
import type { CheckedClocks } from "../ledger/retention-record.ts";
import type { TrustedWriters } from "../ledger/trusted-writers.ts";
import { CONTROL_CHAIN } from "../partition.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { type View, views } from "../view.ts";
import type { Context } from "./context.ts";
import { findKeys, type StoreKeys } from "./shred-due-keys.ts";

/** What was seen of a store, as far as its purge depends on it. */
export interface RetentionSight {
  readonly stores: Readonly<Record<View, ObjectStore>>;
  readonly listed: ListedViews;
  readonly keys: StoreKeys;
  /** What the store's server said at the instant of the context's `nowMs`. */
  readonly storeMs: number | undefined;
  /** Of the newest checkpoint. */
  readonly checkpointMs: number | undefined;
  /** Where the newest checkpoint saw the control chain end. */
  readonly checkpointHead: RecordedHead | undefined;
}

/** The control chain as far as it is known. */
export interface KnownControl {
  readonly records: readonly StoredRecord[];
  readonly writers: TrustedWriters;
}

export interface RetentionDecision {
  readonly state: RetentionState;
  readonly policy: RetentionPolicy;
  readonly purge: PurgeDecision;
  /** Undefined where the store has no keys, or they are on another machine. */
  readonly keys: KeyDecision | undefined;
}

/**
 * Looks at everything that a decision depends on, beside the control chain. Throws what the store throws when no view at
 * all can be listed, or its clock cannot be asked.
 */
export async function lookForRetention(
  context: Context,
  writers: TrustedWriters,
  clock: () => number,
): Promise<RetentionSight> {
  const ledger = await context.openRoot("ledger");
  const stores = await openViews(context);
  const asked = await ledger.clockMs();
  const storeMs = asked === undefined ? undefined : asked - (clock() - context.nowMs);
  const { newest } = await findLastCheckpoint(ledger, writers);
  const listed = await listViews(stores);
  const [first] = listed.unlisted;
  if (first !== undefined && listed.unlisted.length === views.length) throw first.error;
  return {
    stores,
    listed,
    keys: await findKeys(context),
    storeMs,
    checkpointMs: newest === undefined ? undefined : Date.parse(newest.checkpoint.at),
    checkpointHead: newest?.checkpoint.heads.find(({ chain }) => chain === CONTROL_CHAIN),
  };
}

/**
 * Throws UserError with `exitCode.integrity` when the control chain is not the one that the newest checkpoint saw: with a
 * tail that is missing, a hold or a cancelled plan would never have been.
 */
export function refuseShortened({ checkpointHead: head }: RetentionSight, { records }: KnownControl): void {
  if (head === undefined || records[head.sequence - 1]?.sha256 === head.sha256) return;
  const what =
    records.length < head.sequence ? `ends at record ${records.length}` : "has another record there";
  throw new UserError(
    `the newest checkpoint saw record ${head.sequence} of the control chain, and the chain ${what}: it was cut off or exchanged, or restored from an older copy. Nothing was done; put the missing records back (hostlog ledger verify says which)`,
    exitCode.integrity,
  );
}

/** The same sight and records give the same decision. */
export function decideRetention(
  context: Context,
  sight: RetentionSight,
  { records, writers }: KnownControl,
  isClockConfirmed = false,
): RetentionDecision {
  const { config, nowMs, nowIsArgument: isArgument } = context;
  const state = foldRetention(records, writers);
  const { classes, quarantineTerm } = config;
  const policy = { classes, quarantineTerm, holds: holdTerms(foldHolds(records, writers)) };
  const { groups, unrecognised, unlisted } = sight.listed;
  const newestRecordMs = latest(state.newestRecordMs, sight.checkpointMs);
  const purge = decidePurge({
    groups,
    unrecognised,
    policy,
    state,
    now: { ms: nowMs, isArgument, isConfirmed: isClockConfirmed },
    clocks: { storeMs: sight.storeMs, newestRecordMs },
  });
  if (sight.keys.kind !== "here") return { state, policy, purge, keys: undefined };
  const entries = sight.keys.entries.filter((entry) => !unlisted.some(({ view }) => view === entry.view));
  return { state, policy, purge, keys: decideKeys({ entries, policy, state, nowMs, decision: purge }) };
}

export async function openViews(context: Context): Promise<Readonly<Record<View, ObjectStore>>> {
  return {
    raw: await context.openRoot("raw"),
    analytics: await context.openRoot("analytics"),
    quarantine: await context.openRoot("quarantine"),
  };
}

/** Both clocks at the same time, for records. */
export async function checkedClocks(ledger: ObjectStore, at: () => string): Promise<CheckedClocks> {
  const storeMs = await ledger.clockMs();
  return { local: at(), store: storeMs === undefined ? null : new Date(storeMs).toISOString() };
}

function latest(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.max(a, b);
}
