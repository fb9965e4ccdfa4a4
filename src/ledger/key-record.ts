import type { Day } from "../day.ts";
import type { DayKeyName } from "../seal/day-key-name.ts";

/** What became of keys. Written to the control chain; no record holds a secret. */
export type KeyRecord =
  | KeysMadeRecord
  | RecipientsPublishedRecord
  | KeysDestroyedRecord
  | KeysExportedRecord
  | ExportGoneRecord
  | KeysRotatedRecord;

interface KeyEvent {
  /** ISO 8601. */
  readonly at: string;
  /** `argument` when the clock was given by `--now`. */
  readonly clock: "system" | "argument";
}

export interface KeysMadeRecord extends KeyEvent {
  readonly kind: "keys-made";
  readonly keys: number;
  readonly firstDay: Day;
  readonly lastDay: Day;
}

export interface RecipientsPublishedRecord extends KeyEvent {
  readonly kind: "recipients-published";
  readonly generation: number;
  readonly sha256: string;
  /** The last day for which every view and class has a recipient. */
  readonly lastDay: Day;
}

export interface KeysDestroyedRecord extends KeyEvent {
  readonly kind: "keys-destroyed";
  readonly keys: readonly DestroyedKey[];
  /** Every stored copy that was removed, for people: files of the keyring. */
  readonly copies: readonly string[];
  /** Numbers of the exports that hold one of the keys and are not confirmed gone. */
  readonly exportsOutstanding: readonly number[];
  /**
   * What trying to open something sealed for each key came to, with what is left. A team's keyring without its secrets
   * cannot be tried: its files were searched for the wrapped keys.
   */
  readonly probe: "cannot be opened" | "not tried";
}

export interface DestroyedKey extends DayKeyName {
  /** The public half, `age1…`. */
  readonly recipient: string;
}

export interface KeysExportedRecord extends KeyEvent {
  readonly kind: "keys-exported";
  /** 1, 2, 3, … */
  readonly number: number;
  /** Of the file that was written. */
  readonly sha256: string;
  readonly keys: number;
}

export interface ExportGoneRecord extends KeyEvent {
  readonly kind: "export-gone";
  readonly number: number;
  /** How somebody knows, in their words. */
  readonly reason: string;
}

export interface KeysRotatedRecord extends KeyEvent {
  readonly kind: "keys-rotated";
  readonly what: "custodian" | "provider";
  /** Of the new key, public. */
  readonly key: string;
}
