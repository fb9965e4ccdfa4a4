import type { HoldRecord } from "./hold-record.ts";
import type { KeyRecord } from "./key-record.ts";
import type { LedgerAffair } from "./ledger-affair.ts";
import type { PurgeRecord } from "./purge-record.ts";
import type { Attachment, RecordedObject } from "./recorded-object.ts";
import type { RetentionRecord } from "./retention-record.ts";
import type { RewriteRecord } from "./rewrite-record.ts";

export type { Attachment, RecordedObject } from "./recorded-object.ts";

/**
 * An entry of a chain, one object each. The hash of the entry before it is part of it, so that an entry
 * cannot be changed, removed or put in between without breaking every later one. Records hold no personal
 * data: counts, days, keys and hashes. `docs/ledger.md` says what their bytes are.
 */
export type LedgerRecord = UnsignedRecord | SignedRecord;

/** What earlier releases wrote. No such record follows a signed one. */
export interface UnsignedRecord extends RecordLink {
  readonly version: 1;
  readonly body: RecordBody;
}

/** Its fields are written in this order. */
export interface SignedRecord extends RecordLink {
  readonly version: 2;
  readonly body: RecordBody;
  /** The id of the store that it is about. */
  readonly store: string;
  /**
   * The sequence of the lease under which it was written: a record whose lease is over has no place in the chain.
   * Missing for what needs none.
   */
  readonly fence?: number;
}

interface RecordLink {
  readonly chain: string;
  /** 1, 2, 3, … without gaps. */
  readonly sequence: number;
  /** SHA-256 of the stored bytes of the record before, or 64 zeros for the first. */
  readonly previous: string;
}

export type RecordBody =
  | BatchRecord
  | RewriteRecord
  | PurgeRecord
  | KeyRecord
  | RetentionRecord
  | HoldRecord
  | LedgerAffair;

/** Commits a batch: it is written last, when every object it names is in the store. */
export interface BatchRecord {
  readonly kind: "batch";
  readonly node: string;
  /** 32 hex digits, see `batchId`. */
  readonly batch: string;
  /** When the batch was received, ISO 8601. */
  readonly at: string;
  /** `argument` when the clock was given by `--now`. */
  readonly clock: "system" | "argument";
  readonly program: string;
  readonly counts: BatchCounts;
  readonly objects: readonly RecordedObject[];
  readonly manifest: Attachment;
}

/** Of the lines of a batch: `read = stored + quarantined + refused`, always. */
export interface BatchCounts {
  readonly lines: number;
  readonly bytes: number;
  readonly stored: number;
  readonly quarantined: number;
  /** Past their term: stored nowhere. */
  readonly refused: number;
}
