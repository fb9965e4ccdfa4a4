/** What the ledger says of itself: who may write, who is writing, where the chains stand. */
export type LedgerAffair = WriterAcceptedRecord | LeaseRecord | LeaseEndedRecord | CheckpointRecord;

interface Affair {
  /** ISO 8601. */
  readonly at: string;
  /** `argument` when the clock was given by `--now`. */
  readonly clock: "system" | "argument";
}

/**
 * From here on records of `chain` may be signed by `key`. In the control chain. A key that is accepted for the control
 * chain is accepted for every chain.
 */
export interface WriterAcceptedRecord extends Affair {
  readonly kind: "writer-accepted";
  readonly chain: string;
  /** `ed25519:…` */
  readonly key: string;
  /** For people: the machine that has the key. */
  readonly name: string;
  /**
   * `first`: the record that begins the signed part of the control chain; its key signs it and is the root of all trust.
   * `first-use`: the first key that was ever seen in a node's chain. `accepted`: somebody said so. `takeover`: the record
   * is signed by the very key it accepts, because every earlier one was lost; who verifies must pin that key.
   */
  readonly how: "first" | "first-use" | "accepted" | "takeover";
  /** In the words of who accepted it. */
  readonly reason?: string;
}

/**
 * Only one may do what `name` stands for. Its sequence is the fencing number: records under the lease carry it as
 * `fence`, and none of them may follow a later lease of that name. In the control chain.
 */
export interface LeaseRecord extends Affair {
  readonly kind: "lease";
  readonly name: "retention";
  /** For people: machine and process. */
  readonly holder: string;
  /** ISO 8601: another may take it from then on. A renewal is a record of the same kind with the lease as its `fence`. */
  readonly until: string;
}

export interface LeaseEndedRecord extends Affair {
  readonly kind: "lease-ended";
  readonly name: "retention";
}

/**
 * Where every chain stood, the control chain included. In the chain of checkpoints, which is read alone: who notes the
 * hash of its last record elsewhere can tell later that nothing before it was changed, put in or cut off.
 */
export interface CheckpointRecord extends Affair {
  readonly kind: "checkpoint";
  /** By the name of the chain, in ascending order. Without the chain of checkpoints itself. */
  readonly heads: readonly RecordedHead[];
}

export interface RecordedHead {
  readonly chain: string;
  readonly sequence: number;
  readonly sha256: string;
}
