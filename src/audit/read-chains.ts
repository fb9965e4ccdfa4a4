import { headOf, recordKey, walkChain } from "../ledger/chain.ts";
import { chainNames } from "../ledger/chain-names.ts";
import type { BatchRecord } from "../ledger/record.ts";
import { readRecord, type StoredRecord } from "../ledger/record-object.ts";
import { createTrustedWriters, type TrustedWriters } from "../ledger/trusted-writers.ts";
import { CHECKPOINT_CHAIN, CONTROL_CHAIN } from "../partition.ts";
import { ObjectNotFoundError, type ObjectStore } from "../store/object-store.ts";
import { type AuditState, type ChainAccount, ensureChain } from "./audit-state.ts";
import { type BatchCheck, checkBatch } from "./check-batch.ts";
import type { Finding } from "./finding.ts";
import { noteStored, takeControlRecord, takeRewrite } from "./take-record.ts";

export interface ChainReading {
  readonly ledger: ObjectStore;
  readonly pinnedKeys: readonly string[];
  /** True once the listing has begun: what is recorded from then on need not be in it. */
  readonly isFresh: boolean;
  /** Shown how many records were read so far. */
  readonly onProgress?: ((records: number) => void) | undefined;
}

/** What reading on came to, besides what the state took up. */
export interface ChainsRead {
  readonly writers: TrustedWriters;
  /** Breaks, which are looked for anew each time. */
  readonly findings: readonly Finding[];
}

/** How many manifests are fetched and checked at once. */
const CHECKS = 16;

/** True when the record at which each chain was left is still there and the same. */
export async function isStillTheirs(state: AuditState, ledger: ObjectStore): Promise<boolean> {
  for (const { chain, head } of state.chains) {
    if (head.sequence > 0 && (await hashAt(ledger, chain, head.sequence)) !== head.sha256) return false;
  }
  return true;
}

/**
 * Reads every chain on from where the state left it, and the control chain whole, since it says who may write. A chain is
 * read up to the first record that is broken; the others are read all the same.
 */
export async function readChains(state: AuditState, reading: ChainReading): Promise<ChainsRead> {
  const names = await chainNames(reading.ledger);
  const findings: Finding[] = [];
  for (const chain of names) {
    if (chain === CONTROL_CHAIN || chain === CHECKPOINT_CHAIN) continue;
    findings.push(...(await readNode(state, chain, reading)));
  }
  const { writers, findings: ofControl } = await readControl(state, reading);
  return { writers, findings: [...findings, ...ofControl] };
}

async function readNode(state: AuditState, node: string, reading: ChainReading): Promise<readonly Finding[]> {
  const { ledger, isFresh } = reading;
  const account = state.chains[ensureChain(state, node)] as ChainAccount;
  const checking: { readonly record: BatchRecord; readonly check: Promise<BatchCheck> }[] = [];
  const finish = async (): Promise<void> => {
    const oldest = checking.shift();
    if (oldest !== undefined) takeBatch(state, account, oldest.record, await oldest.check);
  };
  const findings: Finding[] = [];
  for await (const step of walkChain(ledger, node, account.head)) {
    if (step.kind === "fault") {
      findings.push(broken(node, step.fault));
      break;
    }
    const { record } = step.stored;
    countSigner(account, step.stored);
    account.head = headOf(step.stored);
    const origin = { chain: node, sequence: record.sequence, isFresh };
    if (record.body.kind === "rewrite") takeRewrite(state, record.body, origin);
    if (record.body.kind !== "batch") continue;
    noteStored(state, record.body.objects, origin);
    const check = checkBatch(ledger, node, record.body);
    // Awaited in order; a failure before that must not count as unhandled.
    check.catch(() => undefined);
    checking.push({ record: record.body, check });
    if (checking.length > CHECKS) await finish();
    if (record.sequence % 1000 === 0) reading.onProgress?.(record.sequence);
  }
  while (checking.length > 0) await finish();
  return findings;
}

function takeBatch(state: AuditState, account: ChainAccount, record: BatchRecord, check: BatchCheck): void {
  for (const finding of check.findings) state.kept.add(finding);
  account.batches++;
  account.lines += record.counts.lines;
  account.stored += record.counts.stored;
  account.quarantined += record.counts.quarantined;
  account.refused += record.counts.refused;
  const { streams } = state;
  for (const { stream, from, to } of check.manifest?.sources ?? []) {
    const before = streams.size;
    const overlap = streams.take(account.chain, stream, { from, to });
    account.streams += streams.size - before;
    if (overlap !== undefined) state.kept.add({ kind: "overlap", node: account.chain, stream, ...overlap });
  }
}

async function readControl(
  state: AuditState,
  { ledger, pinnedKeys, isFresh }: ChainReading,
): Promise<ChainsRead> {
  const account = state.chains[ensureChain(state, CONTROL_CHAIN)] as ChainAccount;
  const writers = createTrustedWriters(pinnedKeys);
  const findings: Finding[] = [];
  const taken = account.head.sequence;
  for await (const step of walkChain(ledger, CONTROL_CHAIN)) {
    if (step.kind === "fault") {
      findings.push(broken(CONTROL_CHAIN, step.fault));
      break;
    }
    writers.take(step.stored);
    const { sequence } = step.stored.record;
    if (sequence <= taken) continue;
    account.head = headOf(step.stored);
    // A certificate by a key that nobody has accepted destroys nothing.
    if (writers.trusts(step.stored)) await takeControlRecord(state, ledger, step.stored, isFresh);
  }
  findings.push(...unacceptedOf(state, writers));
  return { writers, findings };
}

/** Of all chains, by key. */
function unacceptedOf(state: AuditState, writers: TrustedWriters): readonly Finding[] {
  const counts = new Map<string, number>();
  for (const { key } of writers.untrusted) counts.set(key, (counts.get(key) ?? 0) + 1);
  const ofControl = [...counts].map(
    ([key, records]): Finding => ({ kind: "unaccepted", chain: CONTROL_CHAIN, key, records }),
  );
  const ofNodes = state.chains.flatMap(({ chain, signers }) => {
    // The next checkpoint accepts the one key that signs a chain of which none is accepted.
    const isWaiting = signers.size === 1 && !writers.accepted.some((one) => one.chain === chain);
    if (isWaiting) return [];
    return [...signers].flatMap(([key, records]): readonly Finding[] =>
      writers.accepts(chain, key) ? [] : [{ kind: "unaccepted", chain, key, records }],
    );
  });
  return [...ofControl, ...ofNodes];
}

function countSigner({ signers }: ChainAccount, { signedBy }: StoredRecord): void {
  if (signedBy !== undefined) signers.set(signedBy, (signers.get(signedBy) ?? 0) + 1);
}

function broken(chain: string, { sequence, message }: { sequence: number; message: string }): Finding {
  return { kind: "chain", chain, sequence, message };
}

async function hashAt(ledger: ObjectStore, chain: string, sequence: number): Promise<string | undefined> {
  try {
    const reading = readRecord(await ledger.read(recordKey(chain, sequence)));
    return reading.kind === "record" ? reading.stored.sha256 : undefined;
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return undefined;
    throw error;
  }
}
