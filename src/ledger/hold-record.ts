import type { Day } from "../day.ts";
import type { Attachment, RecordedObject } from "./recorded-object.ts";

/** What became of holds: rows that are kept past their term, for a case. In the control chain. */
export type HoldRecord = HoldPlacedRecord | HoldCopiedRecord | HoldRenewedRecord | HoldLiftedRecord;

interface HoldEvent {
  /** ISO 8601. */
  readonly at: string;
  /** `argument` when the clock was given by `--now`. */
  readonly clock: "system" | "argument";
  /** 8 hex digits, random. The copies' retention class is `hold-ID`. */
  readonly hold: string;
}

export interface HoldPlacedRecord extends HoldEvent {
  readonly kind: "hold-placed";
  /** The case and the legal basis, in the words of who placed it; not of a person. */
  readonly case: string;
  readonly basis: string;
  readonly firstDay: Day;
  readonly lastDay: Day;
  /** The last day on which the copies may be there; at most 90 days after it was placed. */
  readonly end: Day;
  /** Domains and addresses, sealed: an address is personal data. */
  readonly scope: Attachment;
  readonly domains: number;
  readonly addresses: number;
}

/** Rows of raw objects of one day were copied. The inputs stay and are destroyed when their own term ends. */
export interface HoldCopiedRecord extends HoldEvent {
  readonly kind: "hold-copied";
  readonly day: Day;
  /** Gzipped JSON: an array of the keys of the raw objects that were looked through. */
  readonly inputs: Attachment;
  readonly inputObjects: number;
  readonly outputs: readonly RecordedObject[];
  readonly rows: number;
}

export interface HoldRenewedRecord extends HoldEvent {
  readonly kind: "hold-renewed";
  readonly end: Day;
  readonly reason: string;
}

export interface HoldLiftedRecord extends HoldEvent {
  readonly kind: "hold-lifted";
  readonly reason: string;
}
