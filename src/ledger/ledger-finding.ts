import { CHECKPOINT_CHAIN, CONTROL_CHAIN } from "../partition.ts";
import type { ChainFault } from "./chain.ts";

/** What is not as it has to be in a ledger. */
export interface LedgerFinding {
  readonly chain: string;
  /** The first record that it is about, counted from 1. */
  readonly sequence: number;
  readonly kind: LedgerFindingKind;
  /** In words, with the record, and without its chain. */
  readonly message: string;
  /** How many records of the chain it is about; the others follow the first one, not always at once. */
  readonly records: number;
}

export type LedgerFindingKind =
  /** The chain's first record that is bad in itself: nothing behind it was looked at. */
  | ChainFault["kind"]
  /** Of another store. */
  | "other-store"
  /** Signed by a key that nobody has accepted. */
  | "unaccepted"
  /** A key accepts itself in place of all others, and is not pinned. */
  | "takeover"
  /** None of the pinned keys has anything to do with this control chain. */
  | "other-root"
  /** Of a kind that has no place in this chain, or of another node. */
  | "misplaced"
  /** Under a lease that is over, or that was never taken. */
  | "fence"
  /** What it names by its hash is missing, or has another. */
  | "attachment"
  /** A checkpoint's heads are behind those of the one before it. */
  | "backwards"
  /** The chain ends before a record that a checkpoint, or who pinned a head, has seen: the first one that is gone. */
  | "cut-off"
  /** Another record stands where a checkpoint, or who pinned a head, has seen one. */
  | "replaced";

/**
 * False for what a person has to judge: a key of a node that was installed anew and one of a forger look the same, and so
 * do a rescue and a robbery.
 */
export function isSeriousFinding({ kind, chain }: LedgerFinding): boolean {
  if (kind === "takeover") return false;
  return kind !== "unaccepted" || chain === CONTROL_CHAIN || chain === CHECKPOINT_CHAIN;
}
