import { inParallel } from "../in-parallel.ts";
import { CHECKPOINT_CHAIN, CONTROL_CHAIN } from "../partition.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { type ChainHead, emptyChain, headOf, walkChain } from "./chain.ts";
import { chainNames } from "./chain-names.ts";
import { createFindingList, type FindingList, type NewFinding } from "./finding-list.ts";
import { createLeaseWatch, judgeRecord } from "./judge-record.ts";
import type { WriterAcceptedRecord } from "./ledger-affair.ts";
import type { LedgerFinding } from "./ledger-finding.ts";
import { createNamedAttachments } from "./named-attachments.ts";
import type { StoredRecord } from "./record-object.ts";
import { createTrustedWriters, type TrustedWriters } from "./trusted-writers.ts";
import {
  type CheckpointWatch,
  type PinnedHead,
  type SeenHeads,
  watchCheckpoints,
} from "./watch-checkpoints.ts";

export interface LedgerQuestion {
  readonly ledger: ObjectStore;
  /** Undefined when nobody knows it: then records of another store are not told from its own. */
  readonly storeId: string | undefined;
  readonly pinnedKeys: readonly string[];
  readonly pinnedHead: PinnedHead | undefined;
}

/** What a ledger says of itself. */
export interface LedgerReport {
  /** The control chain first, then the checkpoints, then the others by name. */
  readonly chains: readonly ChainReport[];
  readonly findings: readonly LedgerFinding[];
  /** The key from which all trust comes; undefined where nothing is signed yet. */
  readonly root: string | undefined;
  readonly accepted: readonly WriterAcceptedRecord[];
  /** The newest that counts. */
  readonly checkpoint: SeenHeads | undefined;
  /** Whether the pinned head is there; undefined when none was given. */
  readonly isPinFound: boolean | undefined;
  /** False when the control chain ends too early to say whose records count in the others. */
  readonly areKeysJudged: boolean;
  /** Chains that came since the newest checkpoint, and whose keys nobody has accepted yet: the next one does. */
  readonly waiting: readonly string[];
}

export interface ChainReport {
  readonly chain: string;
  /** Up to the first that is bad in itself, if there is one. */
  readonly records: number;
  /** Those of releases that did not sign. */
  readonly unsigned: number;
  /** Of the last of them; 64 zeros where there is none. */
  readonly sha256: string;
  /** When it was written, ISO 8601. */
  readonly at: string | undefined;
}

/** Chains that are read at a time, each with its own reading ahead. */
const CHAINS_AT_ONCE = 4;

/**
 * Reads every record of every chain: hashes, signatures, who may sign, leases, the store's id, the order. Compares where
 * chains end with the newest checkpoint and with the pinned one. A chain is read up to its first record that is bad in
 * itself, and the others are read all the same. What decisions name by its hash is read too; manifests are not.
 */
export async function verifyLedger(question: LedgerQuestion): Promise<LedgerReport> {
  const { ledger, pinnedHead } = question;
  const findings = createFindingList();
  const names = await chainNames(ledger);
  // Before the chains that they saw, so that what comes meanwhile is not missed in these.
  const checkpoints = await readCheckpoints(question, findings);
  const control = await readControlWhole(question, findings);
  const { writers } = control;
  const newest = checkpoints.newest((key) => writers.accepts(CHECKPOINT_CHAIN, key));
  const expected = expectedHeads(newest, checkpoints.pinned);
  const isControlWhole = compareHeads(control.whole, expected.get(CONTROL_CHAIN) ?? [], findings);
  if (isControlWhole) judgeKeys(checkpoints.whole, writers, findings);

  const reserved = new Set([CONTROL_CHAIN, CHECKPOINT_CHAIN]);
  const others = [...new Set([...names, ...expected.keys()])].filter((name) => !reserved.has(name)).sort();
  const reports = new Map<string, ChainReport>();
  const waiting = new Set<string>();
  await inParallel(others, CHAINS_AT_ONCE, async (chain) => {
    const heads = expected.get(chain) ?? [];
    const whole = await readWhole(question, chain, findings, { heads });
    compareHeads(whole, heads, findings);
    reports.set(chain, whole.report);
    if (!isControlWhole) return;
    if (isWaiting(whole, writers, newest)) waiting.add(chain);
    else judgeKeys(whole, writers, findings);
  });
  const ofOthers = others.flatMap((name) => reports.get(name) ?? []);
  return {
    chains: [control.whole.report, checkpoints.whole.report, ...ofOthers],
    findings: findings.sorted([...reserved, ...others]),
    root: writers.root,
    accepted: writers.accepted,
    checkpoint: newest,
    isPinFound: pinnedHead === undefined ? undefined : checkpoints.pinned !== undefined,
    areKeysJudged: isControlWhole,
    waiting: others.filter((name) => waiting.has(name)),
  };
}

/** A chain, read to its end or to its first bad record. */
interface WholeChain {
  readonly report: ChainReport;
  readonly isBroken: boolean;
  /** By sequence, of those that were asked for. */
  readonly hashes: ReadonlyMap<number, string>;
  /** Where each key signed for the first time, and how often it did. */
  readonly keys: ReadonlyMap<string, KeyUse>;
}

interface KeyUse {
  readonly first: number;
  readonly records: number;
}

interface Reading {
  /** Shown each record that is good in itself. */
  readonly see?: (stored: StoredRecord) => void;
  /** Whose hashes are kept; without it all are. */
  readonly heads?: readonly { readonly sequence: number }[];
}

async function readWhole(
  { ledger, storeId }: LedgerQuestion,
  chain: string,
  findings: FindingList,
  { see, heads }: Reading,
): Promise<WholeChain> {
  const kept = heads === undefined ? undefined : new Set(heads.map(({ sequence }) => sequence));
  const hashes = new Map<number, string>();
  const keys = new Map<string, KeyUse>();
  let last: ChainHead = emptyChain;
  let at: string | undefined;
  let unsigned = 0;
  let isBroken = false;
  for await (const step of walkChain(ledger, chain)) {
    if (step.kind === "fault") {
      findings.add(chain, step.fault);
      isBroken = true;
      break;
    }
    const { record, sha256, signedBy } = step.stored;
    last = headOf(step.stored);
    at = record.body.at;
    if (kept?.has(record.sequence) ?? true) hashes.set(record.sequence, sha256);
    if (signedBy === undefined) unsigned++;
    else keys.set(signedBy, usedOnceMore(keys.get(signedBy), record.sequence));
    for (const fault of judgeRecord(step.stored, storeId)) {
      findings.add(chain, { ...fault, sequence: record.sequence });
    }
    see?.(step.stored);
  }
  const report = { chain, records: last.sequence, unsigned, sha256: last.sha256, at };
  return { report, isBroken, hashes, keys };
}

function usedOnceMore(use: KeyUse | undefined, sequence: number): KeyUse {
  return use === undefined ? { first: sequence, records: 1 } : { ...use, records: use.records + 1 };
}

async function readCheckpoints(
  question: LedgerQuestion,
  findings: FindingList,
): Promise<CheckpointWatch & { readonly whole: WholeChain }> {
  const { pinnedHead } = question;
  const watch = watchCheckpoints(pinnedHead);
  const see = (stored: StoredRecord): void => {
    const message = watch.take(stored);
    if (message === undefined) return;
    findings.add(CHECKPOINT_CHAIN, { kind: "backwards", sequence: stored.record.sequence, message });
  };
  const pins = pinnedHead === undefined ? [] : [{ ...pinnedHead, by: "who pinned it" }];
  const whole = await readWhole(question, CHECKPOINT_CHAIN, findings, { see, heads: pins });
  compareHeads(whole, pins, findings);
  return { newest: watch.newest, pinned: watch.pinned, take: watch.take, whole };
}

async function readControlWhole(
  question: LedgerQuestion,
  findings: FindingList,
): Promise<{ readonly whole: WholeChain; readonly writers: TrustedWriters }> {
  const writers = createTrustedWriters(question.pinnedKeys);
  const leases = createLeaseWatch();
  const attachments = createNamedAttachments();
  const see = (stored: StoredRecord): void => {
    writers.take(stored);
    if (!writers.trusts(stored)) return;
    attachments.take(stored);
    const fault = leases.take(stored);
    if (fault !== undefined) findings.add(CONTROL_CHAIN, { ...fault, sequence: stored.record.sequence });
  };
  const whole = await readWhole(question, CONTROL_CHAIN, findings, { see });
  await attachments.check(question.ledger, CONTROL_CHAIN, findings);
  for (const { sequence, key } of writers.untrusted) {
    findings.add(CONTROL_CHAIN, { ...unaccepted(sequence, key), of: key });
  }
  for (const { sequence, key } of writers.takeovers) {
    const message = `record ${sequence}: key ${key} accepts itself because every earlier one was lost; pin it if that is so (ledger.keys in the config)`;
    findings.add(CONTROL_CHAIN, { kind: "takeover", sequence, message, of: key });
  }
  if (!writers.isAnchored) {
    const message = `no record is signed by one of the pinned keys: it is another ledger than theirs, or theirs was removed`;
    findings.add(CONTROL_CHAIN, { kind: "other-root", sequence: 1, message });
  }
  return { whole, writers };
}

interface ExpectedHead {
  readonly sequence: number;
  readonly sha256: string;
  /** Who has seen it, in words. */
  readonly by: string;
}

/** By chain, where it stood at these checkpoints. */
function expectedHeads(
  newest: SeenHeads | undefined,
  pinned: SeenHeads | undefined,
): ReadonlyMap<string, readonly ExpectedHead[]> {
  const expected = new Map<string, ExpectedHead[]>();
  for (const seen of new Set([pinned, newest])) {
    if (seen === undefined) continue;
    const by = `checkpoint ${seen.sequence}`;
    for (const [chain, { sequence, sha256 }] of seen.heads) {
      expected.set(chain, [...(expected.get(chain) ?? []), { sequence, sha256, by }]);
    }
  }
  return expected;
}

/**
 * False when the chain does not reach to where it was seen. Behind a record that is bad in itself nothing is said: it was
 * not read.
 */
function compareHeads(
  { report: { chain, records }, isBroken, hashes }: WholeChain,
  heads: readonly ExpectedHead[],
  findings: FindingList,
): boolean {
  let isWhole = !isBroken;
  for (const { sequence, sha256, by } of heads) {
    const found = hashes.get(sequence);
    if (found === undefined && !isBroken) {
      const gone = records + 1;
      const message = `record ${gone} is missing: the chain ends at ${records}, and ${by} saw record ${sequence}`;
      findings.add(chain, { kind: "cut-off", sequence: gone, message });
      isWhole = false;
    } else if (found !== undefined && found !== sha256) {
      const message = `record ${sequence} is another one than ${by} saw`;
      findings.add(chain, { kind: "replaced", sequence, message });
    }
  }
  return isWhole;
}

/** Of a chain in which the next checkpoint accepts the first key that signs. */
function isWaiting({ report, keys }: WholeChain, writers: TrustedWriters, newest?: SeenHeads): boolean {
  const [key, use] = [...keys][0] ?? [];
  if (key === undefined || use === undefined || keys.size > 1) return false;
  if (writers.accepts(report.chain, key)) return false;
  if (writers.accepted.some(({ chain }) => chain === report.chain)) return false;
  return use.first > (newest?.heads.get(report.chain)?.sequence ?? 0);
}

function judgeKeys(
  { report: { chain }, keys }: WholeChain,
  writers: TrustedWriters,
  findings: FindingList,
): void {
  for (const [key, { first, records }] of keys) {
    if (writers.accepts(chain, key)) continue;
    findings.add(chain, { ...unaccepted(first, key), of: key, records });
  }
}

function unaccepted(sequence: number, key: string): NewFinding {
  return {
    kind: "unaccepted",
    sequence,
    message: `record ${sequence} is signed by ${key}, which nobody has accepted for this chain`,
  };
}
