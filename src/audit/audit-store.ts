import type { TrustedWriters } from "../ledger/trusted-writers.ts";
import { CONTROL_CHAIN } from "../partition.ts";
import type { SealMode } from "../seal/seal-mode.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { type View, views } from "../view.ts";
import { type AuditState, createAuditState, isLasting } from "./audit-state.ts";
import { auditView, type ViewListing } from "./audit-view.ts";
import type { ChainReading } from "./chain-reading.ts";
import { compareHeads, headsOf, readSeenEnds } from "./compare-heads.ts";
import { findMissing } from "./find-missing.ts";
import { type ChainFinding, createFindingSink, type Finding, type FindingSink } from "./finding.ts";
import { judgeListing } from "./judge-listing.ts";
import { judgeWriters } from "./judge-writers.ts";
import { passingFlags } from "./object-table.ts";
import { readControlOn } from "./read-control.ts";
import { readNewestOn, readNodesOn } from "./read-nodes.ts";
import { accountsOf, type StoreAudit, type ViewCounts } from "./store-audit.ts";

export interface AuditQuestion {
  readonly ledger: ObjectStore;
  readonly stores: Readonly<Record<View, ObjectStore>>;
  /** What an earlier audit came to; what it has read is not read again. It is used up. */
  readonly state?: AuditState | undefined;
  /** Undefined when nobody knows it: then records of another store are not told from its own. */
  readonly storeId?: string | undefined;
  /** How the store says that it keeps raw and quarantine; undefined where nothing was ever put into it. */
  readonly seal?: SealMode | undefined;
  readonly pinnedKeys?: readonly string[];
  readonly nowMs: number;
  /** How long an object may lie in the store without a record, and a purge may be without its certificate. */
  readonly inFlightMs: number;
  /** Told how many more records of nodes were read, or objects listed. */
  readonly onProgress?: ((what: "records" | "objects", more: number) => void) | undefined;
}

export interface AuditResult {
  readonly audit: StoreAudit;
  /** As far as the chains were read. */
  readonly state: AuditState;
  /**
   * Whether the next audit can go on from the state. False when the chains do not go on from where an earlier audit saw
   * them end, which is to be said until somebody has looked, and when something may change without a new record.
   */
  readonly isLasting: boolean;
}

/**
 * Compares what the chains say with what the views list: the law is that every object ever recorded is there, or was
 * taken by a certificate or a rewrite, and that nothing else is there. The chains are read before the listings and again
 * behind them, so that what comes and goes meanwhile is no finding.
 */
export async function auditStore(question: AuditQuestion): Promise<AuditResult> {
  const { ledger, state: earlier } = question;
  const misfits =
    earlier === undefined ? [] : await compareHeads(ledger, headsOf(earlier), "an earlier verify here");
  const isFitting = misfits.length === 0;
  const state = earlier !== undefined && isFitting ? earlier : createAuditState();
  const sink = createFindingSink();

  const reading = readingOf(question);
  const { writers } = await readControlOn(state, reading);
  const seen = await readSeenEnds(ledger, writers);
  const breaksOfNodes = await readNodesOn(state, reading, writers);
  const listings = await listViews(state, question, sink);
  const newest = await readMeanwhile(state, reading, breaksOfNodes);

  const { breaks, broken } = newest;
  const cutOff = await compareHeads(ledger, [...seen.heads.values()], "the newest checkpoint");
  const replaced = [...misfits, ...cutOff].filter(({ chain }) => !broken.has(chain));
  const ofWriters = judgeWriters(state, newest.writers, seen.heads);
  const absent = await findMissing(
    state,
    { ...question, isDestructionKnown: !broken.has(CONTROL_CHAIN) },
    sink,
  );
  const counts = await judgeListings(state, question, { listings, broken }, sink);
  for (const gap of state.streams.gaps()) sink.add({ kind: "gap", ...gap });

  const all = joined([...breaks, ...seen.findings, ...replaced, ...ofWriters], state.kept, sink);
  const accounts = accountsOf(state, counts, absent);
  forgetMarks(state);
  return {
    audit: { ...accounts, findings: all.findings, more: all.more },
    state,
    isLasting: isFitting && isLasting(state),
  };
}

function readingOf({ ledger, storeId, pinnedKeys = [], onProgress }: AuditQuestion): ChainReading {
  const onRecords = (more: number): void => onProgress?.("records", more);
  return { ledger, storeId, pinnedKeys, isFresh: false, onRecords };
}

interface Meanwhile {
  readonly writers: TrustedWriters;
  /** All, also those that were found before. */
  readonly breaks: readonly ChainFinding[];
  /** The chains of which some are. */
  readonly broken: ReadonlySet<string>;
}

/** What was recorded while the views were listed. */
async function readMeanwhile(
  state: AuditState,
  reading: ChainReading,
  breaksOfNodes: readonly ChainFinding[],
): Promise<Meanwhile> {
  const fresh = { ...reading, isFresh: true };
  const { writers, breaks } = await readControlOn(state, fresh);
  const known = [...breaks, ...breaksOfNodes];
  const broken = new Set(known.map(({ chain }) => chain));
  const newer = await readNewestOn(state, fresh, { writers, broken });
  return {
    writers,
    breaks: [...known, ...newer],
    broken: new Set([...broken, ...newer.map(({ chain }) => chain)]),
  };
}

async function listViews(
  state: AuditState,
  { stores, seal, onProgress }: AuditQuestion,
  sink: FindingSink,
): Promise<Readonly<Record<View, ViewListing>>> {
  const onListed = (more: number): void => onProgress?.("objects", more);
  const ofView = (view: View): Promise<ViewListing> =>
    auditView(state, { view, store: stores[view], seal, onListed }, sink);
  // One after the other: each reads ahead as far as its store can.
  const raw = await ofView("raw");
  const analytics = await ofView("analytics");
  return { raw, analytics, quarantine: await ofView("quarantine") };
}

interface Listed {
  readonly listings: Readonly<Record<View, ViewListing>>;
  readonly broken: ReadonlySet<string>;
}

async function judgeListings(
  state: AuditState,
  { stores, nowMs, inFlightMs }: AuditQuestion,
  { listings, broken }: Listed,
  sink: FindingSink,
): Promise<ViewCounts> {
  const judged: [View, ViewCounts[View]][] = [];
  for (const view of views) {
    const listing = listings[view];
    const question = { view, store: stores[view], listing, brokenChains: broken, nowMs, inFlightMs };
    judged.push([view, { ...listing, ...(await judgeListing(state, question, sink)) }]);
  }
  return Object.fromEntries(judged) as ViewCounts;
}

/** What was found in records comes in the order of their chains, whichever was read first. */
function joined(first: readonly Finding[], kept: FindingSink, listed: FindingSink): FindingSink {
  const all = createFindingSink();
  const ofRecords = kept.findings.toSorted((one, other) => compareText(chainOf(one), chainOf(other)));
  for (const finding of [...first, ...ofRecords, ...listed.findings]) all.add(finding);
  for (const { more } of [kept, listed]) {
    for (const [kind, number] of Object.entries(more)) all.addUnnamed(kind as Finding["kind"], number);
  }
  return all;
}

function chainOf(finding: Finding): string {
  if ("chain" in finding) return finding.chain;
  return "node" in finding ? finding.node : "";
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

function forgetMarks({ objects: { size, columns } }: AuditState): void {
  const { flags } = columns;
  for (let index = 0; index < size; index++) flags[index] = (flags[index] as number) & ~passingFlags;
}
