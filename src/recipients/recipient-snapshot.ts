import type { Day } from "../day.ts";
import type { SealedView } from "../seal/day-key-name.ts";

/**
 * For whom nodes seal: everything that is published of the keyring, in one object, signed by the provider. A later
 * generation replaces an earlier one, by name; nothing in a store is ever overwritten.
 */
export interface RecipientSnapshot {
  readonly version: 1;
  /** The store's id: a snapshot of another store is refused. */
  readonly store: string;
  /** 1, 2, 3, …: a node never goes back behind one that it has seen. */
  readonly generation: number;
  /** ISO 8601. */
  readonly at: string;
  readonly series: readonly RecipientSeries[];
}

/** The keys of one view and class, of consecutive days. */
export interface RecipientSeries {
  readonly view: SealedView;
  readonly retentionClass: string;
  /** Days before it are past: their keys are destroyed. */
  readonly firstDay: Day;
  /** From `firstDay` on: an age recipient (`age1…`), or null for a day whose key was destroyed before its time. */
  readonly recipients: readonly (string | null)[];
}
