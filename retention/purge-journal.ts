import type { PurgeBatch } from "./purge-batches.ts";
import type { PurgeStamp } from "./purge-records.ts";

/** A batch that a run has begun to destroy, and whose records may not be in the ledger yet. */
export interface BegunBatch extends PurgeStamp {
  readonly batch: PurgeBatch;
}

/**
 * Remembers what is being destroyed, so that a process that dies between destroying and recording leaves
 * nothing destroyed without a record: the next run settles what is still here first.
 */
export interface PurgeJournal {
  /** Returns when the entry would survive a power loss. */
  begin(begun: BegunBatch): Promise<void>;
  /** Forgets an entry whose records are written. */
  settle(batch: PurgeBatch): Promise<void>;
  /** What was begun and not settled. */
  read(): Promise<readonly BegunBatch[]>;
}
