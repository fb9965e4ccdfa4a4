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

/** The keys of one view and class, of consecutive days. Days that a snapshot does not name have no key yet. */
export interface RecipientSeries {
  readonly view: SealedView;
  readonly retentionClass: string;
  readonly firstDay: Day;
  /** From `firstDay` on: an age recipient (`age1…`), or null for a day whose key was destroyed. */
  readonly recipients: readonly (string | null)[];
}
