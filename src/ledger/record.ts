import type { View } from "../view.ts";
import type { KeyRecord } from "./key-record.ts";
import type { PurgeRecord } from "./purge-record.ts";

/**
 * An entry of a chain, one object each. The hash of the entry before it is part of it, so that an entry
 * cannot be changed, removed or put in between without breaking every later one. Records hold no personal
 * data: counts, days, keys and hashes.
 */
export interface LedgerRecord {
  readonly version: 1;
  readonly chain: string;
  /** 1, 2, 3, … without gaps. */
  readonly sequence: number;
  /** SHA-256 of the stored bytes of the record before, or 64 zeros for the first. */
  readonly previous: string;
  readonly body: RecordBody;
}

export type RecordBody = BatchRecord | PurgeRecord | KeyRecord;

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
  readonly manifest: RecordedManifest;
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

export interface RecordedObject {
  readonly view: View;
  readonly key: string;
  readonly rows: number;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export interface RecordedManifest {
  /** Below the ledger's root. */
  readonly key: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}
