import { CONTROL_CHAIN } from "../partition.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { type ChainHead, emptyChain, headOf, readChain } from "./chain.ts";
import type { StoredRecord } from "./record-object.ts";
import { createTrustedWriters, type TrustedWriters } from "./trusted-writers.ts";

/** The control chain, read whole: what was decided and done, and who may write. */
export interface ControlChain {
  readonly records: readonly StoredRecord[];
  readonly head: ChainHead;
  readonly writers: TrustedWriters;
}

/** Throws UserError with `exitCode.integrity` for a chain that is broken. `pinned`: see `createTrustedWriters`. */
export async function readControl(
  ledger: ObjectStore,
  pinned: readonly string[] = [],
): Promise<ControlChain> {
  const records: StoredRecord[] = [];
  const writers = createTrustedWriters(pinned);
  for await (const stored of readChain(ledger, CONTROL_CHAIN)) {
    records.push(stored);
    writers.take(stored);
  }
  const last = records.at(-1);
  return { records, head: last === undefined ? emptyChain : headOf(last), writers };
}
