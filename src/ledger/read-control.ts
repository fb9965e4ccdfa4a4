import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { CONTROL_CHAIN } from "../partition.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { type ChainHead, emptyChain, headOf, readChain } from "./chain.ts";
import type { StoredRecord } from "./record-object.ts";
import { createTrustedWriters, type WriterLedger } from "./trusted-writers.ts";

/** The control chain, read whole: what was decided and done, and who may write. */
export interface ControlChain {
  readonly records: readonly StoredRecord[];
  readonly head: ChainHead;
  readonly writers: WriterLedger;
}

export interface ControlReader {
  /** The store's id; not asked without it. */
  readonly storeId?: string | undefined;
  /** Who reads: its own takeover needs no pin. */
  readonly ownKey?: string | undefined;
}

/**
 * Throws UserError with `exitCode.integrity` for a chain that is broken, that is of another store, or that none of the
 * pinned keys has anything to do with. `pinned`: see `createTrustedWriters`.
 */
export async function readControl(
  ledger: ObjectStore,
  pinned: readonly string[] = [],
  { storeId, ownKey }: ControlReader = {},
): Promise<ControlChain> {
  const records: StoredRecord[] = [];
  const writers = createTrustedWriters(pinned, ownKey);
  for await (const stored of readChain(ledger, CONTROL_CHAIN)) {
    if (storeId !== undefined) refuseOtherStore(ledger, stored, storeId);
    records.push(stored);
    writers.take(stored);
  }
  const last = records.at(-1);
  // One that nobody has signed yet is of no key at all.
  if (last?.signedBy !== undefined && !writers.isAnchored) throw isOfOthers(ledger);
  return { records, head: last === undefined ? emptyChain : headOf(last), writers };
}

function refuseOtherStore(ledger: ObjectStore, { record }: StoredRecord, storeId: string): void {
  if (record.version === 1 || record.store === storeId) return;
  throw new UserError(
    `record ${record.sequence} of the control chain in ${ledger.url} is of another store than this one, whose id is ${storeId}: somebody has put another ledger in its place, or the config mixes the URLs of two stores. Nothing was done`,
    exitCode.integrity,
  );
}

function isOfOthers({ url }: ObjectStore): UserError {
  return new UserError(
    `the control chain in ${url} is not that of the keys which the config pins (ledger.keys): somebody has put another in its place, or a pinned key has yet to take it over (hostlog ledger takeover), or is of another store. Nothing was done; compare with a copy`,
    exitCode.integrity,
  );
}
