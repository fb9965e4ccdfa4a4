import { inParallel } from "../in-parallel.ts";
import { headOf, recordKey, walkChain } from "../ledger/chain.ts";
import { chainNames } from "../ledger/chain-names.ts";
import { judgeRecord } from "../ledger/judge-record.ts";
import type { BatchRecord } from "../ledger/record.ts";
import type { StoredRecord } from "../ledger/record-object.ts";
import type { RewriteRecord } from "../ledger/rewrite-record.ts";
import type { TrustedWriters } from "../ledger/trusted-writers.ts";
import { CHECKPOINT_CHAIN, CONTROL_CHAIN, parseKey } from "../partition.ts";
import { ObjectNotFoundError, type ObjectStore } from "../store/object-store.ts";
import { type AuditState, accountOf, type ChainAccount, countSigner } from "./audit-state.ts";
import { brokenChain, type ChainReading } from "./chain-reading.ts";
import { type BatchCheck, checkBatch } from "./check-batch.ts";
import type { ChainFinding } from "./finding.ts";
import { noteStored, takeRewrite } from "./take-record.ts";

/** How many manifests of a chain are fetched and checked at once. */
const CHECKS_AT_ONCE = 16;

/** Chains that are read at a time, each with its own reading ahead. */
const CHAINS_AT_ONCE = 4;

/**
 * Reads the chain of every node on from where the state left it, with the manifests. A chain is read up to the first record
 * that is broken, which is returned, and the others are read all the same.
 */
export async function readNodesOn(
  state: AuditState,
  reading: ChainReading,
  writers: TrustedWriters,
): Promise<readonly ChainFinding[]> {
  const names = await chainNames(reading.ledger);
  const nodes = names.filter((name) => name !== CONTROL_CHAIN && name !== CHECKPOINT_CHAIN);
  return readChainsOn(state, nodes, reading, writers);
}

/**
 * Reads what came meanwhile of the chains that the state knows, but for those that are broken. What a node has put there
 * whose chain begins only now is young.
 */
export async function readNewestOn(
  state: AuditState,
  reading: ChainReading,
  { writers, broken }: { readonly writers: TrustedWriters; readonly broken: ReadonlySet<string> },
): Promise<readonly ChainFinding[]> {
  const nodes = state.chains
    .map(({ chain }) => chain)
    .filter((name) => name !== CONTROL_CHAIN && !broken.has(name));
  const grown: string[] = [];
  await inParallel(nodes, CHECKS_AT_ONCE, async (node) => {
    const { sequence } = accountOf(state, node).head;
    if (await isThere(reading.ledger, recordKey(node, sequence + 1))) grown.push(node);
  });
  return readChainsOn(state, grown.sort(), reading, writers);
}

async function readChainsOn(
  state: AuditState,
  nodes: readonly string[],
  reading: ChainReading,
  writers: TrustedWriters,
): Promise<readonly ChainFinding[]> {
  // In the order of their names, whichever is read first.
  for (const node of nodes) accountOf(state, node);
  const breaks = new Map<string, ChainFinding>();
  await inParallel(nodes, CHAINS_AT_ONCE, async (node) => {
    const found = await readNodeOn(state, accountOf(state, node), reading, writers);
    if (found !== undefined) breaks.set(node, found);
  });
  return nodes.flatMap((node) => breaks.get(node) ?? []);
}

/** Asked for by its name, because a listing would be one of the whole chain where that is a folder. */
async function isThere(ledger: ObjectStore, key: string): Promise<boolean> {
  try {
    await ledger.read(key);
    return true;
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return false;
    throw error;
  }
}

async function readNodeOn(
  state: AuditState,
  account: ChainAccount,
  reading: ChainReading,
  writers: TrustedWriters,
): Promise<ChainFinding | undefined> {
  const { ledger } = reading;
  const { chain: node } = account;
  const underWay: { readonly stored: StoredRecord; readonly check: Promise<BatchCheck> | undefined }[] = [];
  const finishFirst = async (): Promise<void> => {
    const first = underWay.shift();
    if (first === undefined) return;
    takeNodeRecord(state, account, first.stored, { check: await first.check, reading, writers });
  };
  let broken: ChainFinding | undefined;
  for await (const step of walkChain(ledger, node, account.head)) {
    if (step.kind === "fault") {
      broken = brokenChain(node, step.fault);
      break;
    }
    const { body } = step.stored.record;
    const check = body.kind === "batch" ? checkBatch(ledger, node, body) : undefined;
    // Awaited in order; a failure before that must not count as unhandled.
    check?.catch(() => undefined);
    underWay.push({ stored: step.stored, check });
    if (underWay.length > CHECKS_AT_ONCE) await finishFirst();
  }
  while (underWay.length > 0) await finishFirst();
  return broken;
}

interface RecordSight {
  readonly check: BatchCheck | undefined;
  readonly reading: ChainReading;
  readonly writers: TrustedWriters;
}

function takeNodeRecord(
  state: AuditState,
  account: ChainAccount,
  stored: StoredRecord,
  { check, reading: { storeId, isFresh, onRecords }, writers }: RecordSight,
): void {
  const { chain } = account;
  const { sequence, body } = stored.record;
  account.head = headOf(stored);
  countSigner(account, stored);
  onRecords?.(1);
  const faults = judgeRecord(stored, storeId);
  for (const { message } of faults) state.kept.add({ kind: "record", chain, sequence, message });
  if (faults.length > 0) return;
  const origin = { chain, sequence, isFresh };
  if (body.kind === "batch" && check !== undefined) {
    noteStored(state, body.objects, origin);
    takeBatch(state, account, body, check);
  }
  if (body.kind !== "rewrite") return;
  if (!isOwn(chain, body)) {
    const message = `record ${sequence} takes objects that other nodes have put there`;
    state.kept.add({ kind: "record", chain, sequence, message });
  } else if (mayRewrite(chain, stored, writers)) takeRewrite(state, body, origin);
  else state.control.hasLeftOut = true;
}

function takeBatch(state: AuditState, account: ChainAccount, record: BatchRecord, check: BatchCheck): void {
  const { chain: node } = account;
  for (const finding of check.findings) state.kept.add(finding);
  const { lines, stored, quarantined, refused } = record.counts;
  account.batches++;
  account.lines += lines;
  account.stored += stored;
  account.quarantined += quarantined;
  account.refused += refused;
  const { streams } = state;
  for (const { stream, from, to } of check.manifest?.sources ?? []) {
    const before = streams.size;
    const overlap = streams.take(node, stream, { from, to });
    account.streams += streams.size - before;
    if (overlap !== undefined) state.kept.add({ kind: "overlap", node, stream, ...overlap });
  }
}

/** A node can rewrite what it has put there, and nothing else. */
function isOwn(node: string, { inputs, outputs }: RewriteRecord): boolean {
  return [...inputs, ...outputs].every(({ key }) => parseKey(key)?.node === node);
}

/** By a key that is accepted for the chain, or that the next checkpoint accepts because it is the first. */
function mayRewrite(chain: string, stored: StoredRecord, writers: TrustedWriters): boolean {
  return writers.trusts(stored) || !writers.accepted.some((one) => one.chain === chain);
}
