import type { ChainHead, LedgerWriter } from "./chain.ts";
import type { StoredRecord } from "./record-object.ts";
import type { WriterLedger } from "./trusted-writers.ts";

/** To write the control chain, whose records it has read. */
export interface ControlWriter extends LedgerWriter {
  /** Everything in the control chain, in order. */
  readonly records: readonly StoredRecord[];
  readonly head: ChainHead;
  /** As these records say. Whoever appends shows it what others append meanwhile. */
  readonly writers: WriterLedger;
}
