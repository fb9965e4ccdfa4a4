import { recordKey } from "../ledger/chain.ts";
import type { RecordedObject } from "../ledger/record.ts";
import { readRecord } from "../ledger/record-object.ts";
import { CONTROL_CHAIN } from "../partition.ts";
import type { SealMode } from "../seal/seal-mode.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { type View, views } from "../view.ts";
import type { HiddenAudit } from "./audit-hidden.ts";
import { type AuditState, type ChainAccount, createAuditState } from "./audit-state.ts";
import { auditView, judgeUnrecorded, type ViewListing } from "./audit-view.ts";
import { createFindingSink, type Finding, type FindingSink } from "./finding.ts";
import { flag, viewOfFlags } from "./object-table.ts";
import { isStillTheirs, readChains } from "./read-chains.ts";

export interface AuditQuestion {
  readonly ledger: ObjectStore;
  readonly stores: Readonly<Record<View, ObjectStore>>;
  /** What an earlier audit came to; what it has read is not read again. */
  readonly state?: AuditState | undefined;
  /** How the store says that it keeps raw and quarantine; undefined where nothing was ever put into it. */
  readonly seal?: SealMode | undefined;
  readonly pinnedKeys?: readonly string[];
  readonly nowMs: number;
  /** How long an object may lie in the store without a record. */
  readonly inFlightMs: number;
  readonly onProgress?: ((records: number) => void) | undefined;
}

/** What the ledger and the store say of each other. */
export interface StoreAudit {
  readonly nodes: readonly NodeAudit[];
  readonly objects: Readonly<Record<View, ViewAudit>>;
  readonly findings: readonly Finding[];
  /** By kind, how many more there are than `findings` holds. */
  readonly more: FindingSink["more"];
  /** For the next audit; undefined when a chain is broken, which nothing can be built on. */
  readonly state: AuditState | undefined;
  /** False when the state that was given did not fit the chains any more, and everything was read anew. */
  readonly isResumed: boolean;
}

export interface NodeAudit {
  readonly node: string;
  readonly records: number;
  readonly batches: number;
  readonly streams: number;
  readonly lines: number;
  readonly stored: number;
  readonly quarantined: number;
  readonly refused: number;
}

export interface ViewAudit {
  readonly recorded: number;
  readonly destroyed: number;
  readonly listed: number;
  readonly listedBytes: number;
  /** Those of the listed whose name is a sealed object's. */
  readonly sealed: number;
  /** Young objects that no record names yet. */
  readonly inFlight: number;
  readonly hidden: HiddenAudit;
}

/**
 * Compares what the chains say with what the views list: the law is that every object ever recorded is there, or was
 * taken by a certificate or a rewrite, and that nothing else is there. The chains are read before the listings and again
 * behind them, so that what comes and goes meanwhile is no finding.
 */
export async function auditStore(question: AuditQuestion): Promise<StoreAudit> {
  const { ledger, stores, seal, pinnedKeys = [], onProgress } = question;
  const isResumed = question.state !== undefined && (await isStillTheirs(question.state, ledger));
  const state = (isResumed ? question.state : undefined) ?? createAuditState();
  await readChains(state, { ledger, pinnedKeys, isFresh: false, onProgress });
  const listings = {} as Record<View, ViewListing>;
  for (const view of views) listings[view] = await auditView(state, view, stores[view], seal);
  const { findings: ofChains } = await readChains(state, { ledger, pinnedKeys, isFresh: true });

  const sink = createFindingSink([...state.kept.findings, ...ofChains]);
  const inFlight = {} as Record<View, number>;
  for (const view of views) inFlight[view] = await addListing(question, state, view, listings[view], sink);
  for (const gap of state.streams.gaps()) sink.add({ kind: "gap", ...gap });
  await addMissing(question, state, sink);
  const objects = countObjects(state, listings, inFlight);
  forgetMarks(state);
  return {
    nodes: state.chains.filter(({ chain }) => chain !== CONTROL_CHAIN).map(nodeOf),
    objects,
    findings: sink.findings,
    more: sink.more,
    state: ofChains.some(({ kind }) => kind === "chain") ? undefined : state,
    isResumed,
  };
}

/** Returns how many objects are on their way. */
async function addListing(
  { stores, nowMs, inFlightMs }: AuditQuestion,
  state: AuditState,
  view: View,
  { findings, unrecorded, undead, hidden }: ViewListing,
  sink: FindingSink,
): Promise<number> {
  for (const finding of findings) sink.add(finding);
  for (const key of undead) if (await isThere(stores[view], key)) sink.add({ kind: "undead", view, key });
  let inFlight = 0;
  for (const object of unrecorded) {
    // Its record may have come since.
    if (state.objects.find(view, object.key) !== -1) continue;
    const judged = judgeUnrecorded(view, object, { nowMs, inFlightMs });
    if (judged === "in-flight") inFlight++;
    else sink.add(judged);
  }
  const { versions, versionBytes, deleteMarkers, uploads, notSeen } = hidden;
  if (versions + deleteMarkers + uploads > 0) {
    sink.add({ kind: "hidden", view, versions, versionBytes, deleteMarkers, uploads });
  }
  if (notSeen !== undefined) sink.add({ kind: "not-seen", view, message: notSeen });
  return inFlight;
}

/** Listed, or something hidden of it is. */
async function isThere(store: ObjectStore, key: string): Promise<boolean> {
  for await (const object of store.list(key)) if (object.key === key) return true;
  for await (const object of store.listHidden(key)) if (object.key === key) return true;
  return false;
}

/** Finds the names of what is missing in the records that named it, since the state keeps none. */
async function addMissing(
  { ledger, stores }: AuditQuestion,
  state: AuditState,
  sink: FindingSink,
): Promise<void> {
  const { columns } = state.objects;
  const records = new Map<string, { chain: number; sequence: number; missing: Set<number> }>();
  for (let index = 0; index < state.objects.size; index++) {
    const flags = columns.flags[index] as number;
    const isExpected = (flags & flag.recorded) !== 0 && (flags & (flag.consumed | flag.fresh)) === 0;
    if (!isExpected || (flags & flag.listed) !== 0) continue;
    const [chain, sequence] = [columns.chain[index] as number, columns.sequence[index] as number];
    const name = `${chain} ${sequence}`;
    const known = records.get(name) ?? { chain, sequence, missing: new Set() };
    known.missing.add(index);
    records.set(name, known);
  }
  for (const { chain, sequence, missing } of records.values()) {
    const { chain: name } = state.chains[chain] as ChainAccount;
    for (const { view, key } of await objectsOf(ledger, name, sequence)) {
      if (!missing.has(state.objects.find(view, key))) continue;
      // A listing that lags behind does not make it missing.
      if (!(await isThere(stores[view], key))) sink.add({ kind: "missing", view, key });
    }
  }
}

async function objectsOf(
  ledger: ObjectStore,
  chain: string,
  sequence: number,
): Promise<readonly RecordedObject[]> {
  const reading = readRecord(await ledger.read(recordKey(chain, sequence)));
  if (reading.kind !== "record") return [];
  const { body } = reading.stored.record;
  switch (body.kind) {
    case "batch":
      return body.objects;
    case "rewrite":
    case "hold-copied":
      return body.outputs;
    default:
      return [];
  }
}

function countObjects(
  { objects: { size, columns } }: AuditState,
  listings: Readonly<Record<View, ViewListing>>,
  inFlight: Readonly<Record<View, number>>,
): Readonly<Record<View, ViewAudit>> {
  const counts = { recorded: new Map<View, number>(), destroyed: new Map<View, number>() };
  for (let index = 0; index < size; index++) {
    const flags = columns.flags[index] as number;
    const view = viewOfFlags(flags);
    // What was destroyed without ever being recorded counts as known all the same.
    counts.recorded.set(view, (counts.recorded.get(view) ?? 0) + 1);
    if ((flags & flag.consumed) !== 0) counts.destroyed.set(view, (counts.destroyed.get(view) ?? 0) + 1);
  }
  const audits = {} as Record<View, ViewAudit>;
  for (const view of views) {
    const { listed, listedBytes, sealed, hidden } = listings[view];
    audits[view] = {
      recorded: counts.recorded.get(view) ?? 0,
      destroyed: counts.destroyed.get(view) ?? 0,
      listed,
      listedBytes,
      sealed,
      inFlight: inFlight[view],
      hidden,
    };
  }
  return audits;
}

/** They hold for one audit. */
function forgetMarks({ objects: { size, columns } }: AuditState): void {
  for (let index = 0; index < size; index++) {
    columns.flags[index] = (columns.flags[index] as number) & ~(flag.listed | flag.fresh);
  }
}

function nodeOf(account: ChainAccount): NodeAudit {
  const { chain: node, head, batches, streams, lines, stored, quarantined, refused } = account;
  return { node, records: head.sequence, batches, streams, lines, stored, quarantined, refused };
}
