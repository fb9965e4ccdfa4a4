import { CHECKPOINT_CHAIN } from "../partition.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { type ChainHead, findLast, headOf, readRecordAt } from "./chain.ts";
import type { CheckpointRecord } from "./ledger-affair.ts";
import type { StoredRecord } from "./record-object.ts";
import type { TrustedWriters } from "./trusted-writers.ts";

/** A checkpoint, and where it stands. */
export interface StoredCheckpoint {
  readonly head: ChainHead;
  readonly checkpoint: CheckpointRecord;
}

/** The end of the chain of checkpoints. */
export interface CheckpointEnd {
  /** The newest one that counts; undefined when there is none. */
  readonly newest: StoredCheckpoint | undefined;
  /** Behind what the next record goes; undefined for an empty chain. */
  readonly head: ChainHead | undefined;
  /** Records behind the newest that counts, which are none or by a key that nobody has accepted. */
  readonly ignored: number;
}

/**
 * Looks for the newest checkpoint, from the end of the chain on. Throws UserError with `exitCode.integrity` when what it
 * meets is no record.
 */
export async function findLastCheckpoint(
  ledger: ObjectStore,
  trusted: TrustedWriters,
): Promise<CheckpointEnd> {
  const last = await findLast(ledger, CHECKPOINT_CHAIN);
  if (last === undefined) return { newest: undefined, head: undefined, ignored: 0 };
  let stored: StoredRecord = last;
  for (let ignored = 0; ; ignored++) {
    const { body, sequence } = stored.record;
    if (body.kind === "checkpoint" && stored.signedBy !== undefined && trusted.trusts(stored)) {
      return { newest: { head: headOf(stored), checkpoint: body }, head: headOf(last), ignored };
    }
    if (sequence <= 1) return { newest: undefined, head: headOf(last), ignored: ignored + 1 };
    stored = await readRecordAt(ledger, CHECKPOINT_CHAIN, sequence - 1);
  }
}
