import type { Day } from "../../src/day.ts";
import type { Attachment, RecordBody, RecordedObject } from "../../src/ledger/record.ts";
import type {
  CheckedClocks,
  CheckedHold,
  GroupRule,
  PurgeBegunRecord,
  PurgedKeys,
  PurgeGroup,
  PurgeInventory,
} from "../../src/ledger/retention-record.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import type { View } from "../../src/view.ts";

/** What carrying out a decision works on. */
export interface PurgeWorld {
  readonly stores: Readonly<Record<View, Pick<ObjectStore, "list" | "listHidden" | "remove">>>;
  /**
   * Appends to the control chain under the lease and returns the record's sequence. What it throws once another holds the
   * lease ends everything.
   */
  readonly append: (body: RecordBody) => Promise<number>;
  readonly putInventory: (inventory: PurgeInventory) => Promise<Attachment>;
  /** Throws for one that is missing or was changed: then nothing of its group is certified. */
  readonly readInventory: (attachment: Attachment) => Promise<PurgeInventory>;
  /** What the chains record of the objects of a day, by key. */
  readonly recorded: (
    view: View,
    day: Day,
  ) => Promise<ReadonlyMap<string, Pick<RecordedObject, "rows" | "sha256">>>;
  /** When, and by which clock: what a record that is written now begins with. */
  readonly stamp: () => { readonly at: string; readonly clock: "system" | "argument" };
  readonly clocks: () => Promise<CheckedClocks>;
  readonly keysOf: (group: PurgeGroup) => Promise<PurgedKeys>;
  /** The holds that the group falls under, by what the ledger says now. */
  readonly holdsOf: (group: PurgeGroup, keys: readonly string[]) => Promise<readonly CheckedHold[]>;
  /** The machine, for people. */
  readonly by: string;
  /** Returns after so many milliseconds. */
  readonly wait: (delayMs: number) => Promise<unknown>;
  /** Aborted when the run is asked to end, or has lost the lease. */
  readonly signal: AbortSignal;
}

/** A group that is to be destroyed. */
export interface DoomedPurge {
  readonly group: PurgeGroup;
  readonly rule: GroupRule;
  /** The sequence of the plan that names it. */
  readonly plan: number;
}

/** One whose destruction has begun, and has no certificate. */
export interface UnfinishedPurge {
  /** Of the record. */
  readonly sequence: number;
  readonly record: PurgeBegunRecord;
}

export interface PurgeOrders {
  readonly destroy: readonly DoomedPurge[];
  readonly resume: readonly UnfinishedPurge[];
}

export interface PurgeReport {
  readonly certificates: readonly WrittenCertificate[];
  readonly failures: readonly PurgeFailure[];
  /** False when the run was asked to end before it had come to every group. */
  readonly isComplete: boolean;
}

export interface WrittenCertificate {
  /** Of the record in the control chain. */
  readonly sequence: number;
  readonly group: PurgeGroup;
  readonly objects: number;
  readonly sizeBytes: number;
  readonly exceptions: readonly string[];
}

export interface PurgeFailure {
  readonly view: View;
  /** The object, or the prefix of a day of which nothing is known. */
  readonly key: string;
  readonly message: string;
}
