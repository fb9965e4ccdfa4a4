import type { Day } from "../day.ts";
import type { View } from "../view.ts";
import type { Attachment } from "./recorded-object.ts";

/** What is planned to be destroyed, and was. In the control chain. */
export type RetentionRecord =
  | RetentionPolicyRecord
  | PurgePlannedRecord
  | PurgeApprovedRecord
  | PurgeCancelledRecord
  | PurgeBegunRecord
  | PurgeCertificateRecord
  | RetentionRanRecord;

interface RetentionEvent {
  /** ISO 8601. */
  readonly at: string;
  /** `argument` when the clock was given by `--now`, which only a store made for drills allows. */
  readonly clock: "system" | "argument";
}

/** The terms of the config, each time they have changed. */
export interface RetentionPolicyRecord extends RetentionEvent {
  readonly kind: "retention-policy";
  /** Terms such as `2y`, by class. */
  readonly classes: Readonly<Record<string, { readonly raw: string; readonly analytics: string }>>;
  readonly quarantineTerm: string;
}

/** The objects of one view, day and class, which share their fate. */
export interface PurgeGroup {
  readonly view: View;
  readonly day: Day;
  /** As in the objects' keys. */
  readonly retentionClass: string;
}

/**
 * `class`: the term the config gave to the class. `ceiling`: the config no longer knew the class, so that only the
 * longest term applied. `quarantine`: the one term of quarantine, whatever the class. `hold`: copies for a hold, which end
 * with it.
 */
export interface GroupRule {
  readonly kind: "class" | "ceiling" | "quarantine" | "hold";
  /** Such as `2y`; of a hold, its last day. */
  readonly term: string;
  /** The day from whose 00:00 UTC the objects have to be gone. */
  readonly dueDay: Day;
}

export interface PlannedGroup extends PurgeGroup {
  readonly rule: GroupRule;
  readonly objects: number;
  readonly sizeBytes: number;
}

export interface PurgePlannedRecord extends RetentionEvent {
  readonly kind: "purge-planned";
  /** Its sequence is the plan's number. */
  readonly groups: readonly PlannedGroup[];
  /** ISO 8601. None of the groups is destroyed before this, nor before its own due day. */
  readonly notBefore: string;
  /** Why a person has to approve it; empty when nobody has to. */
  readonly approvals: readonly NeededApproval[];
}

export interface NeededApproval {
  /**
   * `shorter-policy`: the config's terms became shorter, and this is what would go at once. `many-days`: more days than a
   * run of missed nights explains. `large-share`: some days that hold a large part of a view. `downtime`: nothing ran for so
   * long that the clock may be wrong as well.
   */
  readonly kind: "shorter-policy" | "many-days" | "large-share" | "downtime";
  /** For people. */
  readonly message: string;
}

export interface PurgeApprovedRecord extends RetentionEvent {
  readonly kind: "purge-approved";
  /** The sequence of the plan. */
  readonly plan: number;
  readonly by: string;
  readonly reason: string;
}

/** What of the plan is not due by the two years that nothing may outlast waits for another plan. */
export interface PurgeCancelledRecord extends RetentionEvent {
  readonly kind: "purge-cancelled";
  readonly plan: number;
  readonly by: string;
  readonly reason: string;
}

/** Written before the first object of the group is removed: what there was, so that whoever goes on can certify it. */
export interface PurgeBegunRecord extends RetentionEvent {
  readonly kind: "purge-begun";
  readonly group: PurgeGroup;
  readonly rule: GroupRule;
  /** The sequence of the plan. */
  readonly plan: number;
  /** Gzipped JSON, see {@link PurgeInventory}. */
  readonly inventory: Attachment;
}

/** Everything of a group that was listed before it was destroyed. */
export interface PurgeInventory {
  readonly version: 1;
  readonly group: PurgeGroup;
  readonly objects: readonly InventoryObject[];
}

export interface InventoryObject {
  /** Below the view's root. */
  readonly key: string;
  /** Of the object and all that was hidden behind it. */
  readonly sizeBytes: number;
  /** As its batch was recorded; null for an object that no record names. */
  readonly rows: number | null;
  readonly sha256: string | null;
  /** Older versions, delete markers and unfinished uploads of it. */
  readonly versions: number;
  readonly deleteMarkers: number;
  readonly uploads: number;
}

/**
 * Certifies that a group is gone: written once a new listing shows nothing of it, hidden things included. One for each
 * `purge-begun`; what turns up later of the same group is begun and certified again.
 */
export interface PurgeCertificateRecord extends RetentionEvent {
  readonly kind: "purge-certificate";
  readonly group: PurgeGroup;
  readonly rule: GroupRule;
  readonly plan: number;
  /** The sequence of the `purge-begun`. */
  readonly begun: number;
  readonly inventory: Attachment;
  readonly objects: number;
  readonly versions: number;
  readonly deleteMarkers: number;
  readonly uploads: number;
  /** Of the objects that a record names. */
  readonly rows: number;
  readonly sizeBytes: number;
  /** Objects that no record of a batch named. */
  readonly unrecordedObjects: number;
  readonly clocks: CheckedClocks;
  readonly keys: PurgedKeys;
  readonly holds: readonly CheckedHold[];
  /** Another listing, after the removal. */
  readonly verification: { readonly at: string; readonly listings: number };
  /** In plain words, what an auditor must know: overdue days, keys that are elsewhere, rows that a hold missed. */
  readonly exceptions: readonly string[];
  /** The machine that did it, for people; the record's signature says whose key. */
  readonly by: string;
}

export interface CheckedClocks {
  /** ISO 8601. */
  readonly local: string;
  /** What the store's server said at the same time; null for a folder, which has no clock of its own. */
  readonly store: string | null;
}

export type PurgedKeys =
  /** The key of the group was destroyed: sequence of its `keys-destroyed` record. */
  | { readonly kind: "destroyed"; readonly record: number; readonly exportsOutstanding: readonly number[] }
  /** No key was ever made for it, or the view is not sealed. */
  | { readonly kind: "none" }
  /** The keyring is on another machine, and no record says yet that the key is destroyed. */
  | { readonly kind: "outstanding" };

/** A hold whose scope touches the group. */
export interface CheckedHold {
  readonly hold: string;
  /** Raw objects of the day that were not looked through for the hold before they were destroyed. */
  readonly objectsMissed: number;
}

/** A run that came to its end: the watermark for the next one's clock. */
export interface RetentionRanRecord extends RetentionEvent {
  readonly kind: "retention-ran";
  readonly clocks: CheckedClocks;
  readonly certified: number;
  /** Groups that are past their due day and still there. */
  readonly overdue: number;
}
