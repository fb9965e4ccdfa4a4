import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { inParallel } from "../in-parallel.ts";
import { CHECKPOINT_CHAIN, CONTROL_CHAIN } from "../partition.ts";
import { appendRecord, type ChainHead, emptyChain, headOf, type LedgerWriter, readChain } from "./chain.ts";
import { chainNames } from "./chain-names.ts";
import { type ChainProgress, readProgress } from "./chain-progress.ts";
import { findLastCheckpoint } from "./last-checkpoint.ts";
import type { RecordStamp } from "./lease.ts";
import type { CheckpointRecord, RecordedHead } from "./ledger-affair.ts";
import type { StoredRecord } from "./record-object.ts";
import type { TrustedWriters } from "./trusted-writers.ts";

export interface WrittenCheckpoint {
  /** In the chain of checkpoints. */
  readonly sequence: number;
  /** Of the record's bytes: what to note elsewhere. */
  readonly sha256: string;
  readonly chains: number;
  /** Keys that were accepted because they were the first ever seen in their chain. */
  readonly firstUses: readonly FirstUse[];
  /**
   * Chains that do not go on from where the checkpoint before saw them, whose heads stay as they were, and chains that
   * are broken behind it. In words.
   */
  readonly findings: readonly string[];
}

export interface FirstUse {
  readonly chain: string;
  readonly key: string;
}

/** How many others may write a checkpoint meanwhile. */
const ATTEMPTS_MAX = 10;

/** Chains that are read at a time: of most there are a few new records, and the way to the store is what takes long. */
const CHAINS_AT_ONCE = 8;

/**
 * Reads what was appended to every chain since the last checkpoint, and records where they stand. What is broken is
 * returned and keeps no other chain from being recorded. The key of a chain that has none yet is accepted first, in the
 * control chain. `trusted` is what that chain says, just read. Throws UserError with `exitCode.integrity` when the chain of
 * checkpoints itself ends in something that is no record.
 */
export async function writeCheckpoint(
  writer: LedgerWriter,
  stamp: RecordStamp,
  trusted: TrustedWriters,
): Promise<WrittenCheckpoint> {
  const firstUses: FirstUse[] = [];
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const { newest, head, ignored } = await findLastCheckpoint(writer.ledger, trusted);
    const before = new Map(newest?.checkpoint.heads.map((one) => [one.chain, one]));
    const progress = await readAll(writer, before);
    firstUses.push(...(await acceptFirstUses(writer, stamp, trusted, progress)));
    // Last, so that it covers what was just recorded in it.
    const control = await readProgress(writer.ledger, CONTROL_CHAIN, before.get(CONTROL_CHAIN));
    progress.set(CONTROL_CHAIN, control);
    const heads = headsOf(progress);
    const written = await append(writer, { kind: "checkpoint", ...stamp, heads }, head);
    // Another was written meanwhile, which may have seen more: heads only ever go forward.
    if (written === undefined) continue;
    const { sequence, sha256 } = written;
    return { sequence, sha256, chains: heads.length, firstUses, findings: findingsOf(progress, ignored) };
  }
  throw new UserError(
    `others write checkpoints in ${writer.ledger.url} at the same time; try again`,
    exitCode.tryAgain,
  );
}

type AllProgress = Map<string, ChainProgress>;

/** Of all chains but those of checkpoints and decisions. */
async function readAll(
  { ledger }: LedgerWriter,
  before: ReadonlyMap<string, RecordedHead>,
): Promise<AllProgress> {
  const progress: AllProgress = new Map();
  const names = new Set([...(await chainNames(ledger)), ...before.keys()]);
  names.delete(CHECKPOINT_CHAIN);
  names.delete(CONTROL_CHAIN);
  await inParallel([...names], CHAINS_AT_ONCE, async (chain) => {
    progress.set(chain, await readProgress(ledger, chain, before.get(chain)));
  });
  return progress;
}

function headsOf(progress: AllProgress): readonly RecordedHead[] {
  return [...progress]
    .filter(([, { head }]) => head.sequence > 0)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(
      ([
        chain,
        {
          head: { sequence, sha256 },
        },
      ]) => ({ chain, sequence, sha256 }),
    );
}

function findingsOf(progress: AllProgress, ignored: number): readonly string[] {
  const findings = [...progress.values()].flatMap(({ finding }) => finding ?? []).sort();
  if (ignored === 0) return findings;
  return [
    ...findings,
    `chain ${CHECKPOINT_CHAIN}: the last ${ignored} of its records are no checkpoints, or by keys that nobody has accepted`,
  ];
}

/** Those of chains for which no key is accepted yet, by nobody else meanwhile either. */
async function acceptFirstUses(
  writer: LedgerWriter,
  stamp: RecordStamp,
  trusted: TrustedWriters,
  progress: AllProgress,
): Promise<readonly FirstUse[]> {
  const wished = wishedUses(trusted, progress);
  if (wished.size === 0) return [];
  const accepted: FirstUse[] = [];
  const take = ({ record: { body }, signedBy }: StoredRecord): void => {
    const counts = signedBy !== undefined && trusted.accepts(CONTROL_CHAIN, signedBy);
    if (counts && body.kind === "writer-accepted") wished.delete(body.chain);
  };
  let head = await readControlHead(writer, take);
  for (const [chain, key] of wished) {
    const onForeign = (foreign: StoredRecord): void => {
      take(foreign);
      if (!wished.has(chain)) throw new OvertakenError();
    };
    const body = { kind: "writer-accepted", ...stamp, chain, key, name: chain, how: "first-use" } as const;
    const next = await unlessOvertaken(() => appendRecord(writer, CONTROL_CHAIN, body, { head, onForeign }));
    if (next !== undefined) accepted.push({ chain, key });
    head = next ?? (await readControlHead(writer, take));
  }
  return accepted;
}

/** Keys by the chain that they were first in, as far as they are not accepted. */
function wishedUses(trusted: TrustedWriters, progress: AllProgress): Map<string, string> {
  const wished = new Map<string, string>();
  for (const chain of [...progress.keys()].sort()) {
    const key = progress.get(chain)?.firstKey;
    if (key !== undefined && !trusted.accepts(chain, key)) wished.set(chain, key);
  }
  return wished;
}

async function readControlHead(
  { ledger }: LedgerWriter,
  take: (stored: StoredRecord) => void,
): Promise<ChainHead> {
  let head = emptyChain;
  for await (const stored of readChain(ledger, CONTROL_CHAIN)) {
    take(stored);
    head = headOf(stored);
  }
  return head;
}

/** Undefined when another came in between. */
async function append(
  writer: LedgerWriter,
  checkpoint: CheckpointRecord,
  head: ChainHead = emptyChain,
): Promise<ChainHead | undefined> {
  const onForeign = (): void => {
    throw new OvertakenError();
  };
  return unlessOvertaken(() => appendRecord(writer, CHECKPOINT_CHAIN, checkpoint, { head, onForeign }));
}

class OvertakenError extends Error {
  override readonly name = "OvertakenError";
}

async function unlessOvertaken<Result>(act: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof OvertakenError) return undefined;
    throw error;
  }
}
