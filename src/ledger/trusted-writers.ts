import { CONTROL_CHAIN } from "../partition.ts";
import type { WriterAcceptedRecord } from "./ledger-affair.ts";
import type { StoredRecord } from "./record-object.ts";

/** Whose records count, as the control chain says. */
export interface TrustedWriters {
  /** The key that signed the first signed record of the control chain: all trust comes from it. */
  readonly root: string | undefined;
  /**
   * False when keys are pinned and none of them has signed a record: then this is another control chain than theirs, and
   * nothing in it counts for anything. That a key was accepted is not enough: who replaces the chain can accept any.
   */
  readonly isAnchored: boolean;
  /** What each record that accepted a key says, in order; only those that count. */
  readonly accepted: readonly WriterAcceptedRecord[];
  /** Records of the control chain, by sequence, that are signed by a key which nobody had accepted. */
  readonly untrusted: readonly { readonly sequence: number; readonly key: string }[];
  /**
   * Records of the control chain, by sequence, in which a key accepts itself because every earlier one was lost. They
   * count for who has pinned that key, and are missing here then: anybody can write one.
   */
  readonly takeovers: readonly { readonly sequence: number; readonly key: string }[];
  /** A key that is accepted for the control chain is accepted for every chain. */
  accepts(chain: string, key: string): boolean;
  /**
   * Whether a record counts. Of the control chain, as far as it was taken into account: when its key was accepted before
   * it. Of another chain: when its key is accepted by now. What is of a release that did not sign counts.
   */
  trusts(stored: StoredRecord): boolean;
}

export interface WriterLedger extends TrustedWriters {
  /** Takes the next record of the control chain into account. */
  take(stored: StoredRecord): void;
}

/**
 * `pinned`: keys of which one has to be at the root of trust, and that are trusted to take over, from the config or the
 * command line. `ownKey`: that of this machine, which may have taken over and is not pinned.
 */
export function createTrustedWriters(pinned: readonly string[] = [], ownKey?: string): WriterLedger {
  const keys = new Map<string, Set<string>>();
  const accepted: WriterAcceptedRecord[] = [];
  const untrusted: { sequence: number; key: string }[] = [];
  const takeovers: { sequence: number; key: string }[] = [];
  const withoutTrust = new Set<number>();
  let root: string | undefined;
  let isAnchored = pinned.length === 0;

  const accepts = (chain: string, key: string): boolean =>
    keys.get(CONTROL_CHAIN)?.has(key) === true || keys.get(chain)?.has(key) === true;
  const accept = (record: WriterAcceptedRecord): void => {
    const known = keys.get(record.chain) ?? new Set();
    keys.set(record.chain, known.add(record.key));
    accepted.push(record);
  };

  const mayTakeOver = (key: string): boolean => key === ownKey || pinned.includes(key);

  return {
    get root() {
      return root;
    },
    get isAnchored() {
      return isAnchored;
    },
    accepted,
    untrusted,
    takeovers,
    accepts,
    trusts({ record: { chain, sequence }, signedBy }) {
      if (signedBy === undefined) return true;
      return chain === CONTROL_CHAIN ? !withoutTrust.has(sequence) : accepts(chain, signedBy);
    },
    take({ record: { sequence, body }, signedBy }) {
      if (signedBy === undefined) return;
      // Its record names the hash of the one before, so that it vouches for all of them.
      isAnchored ||= pinned.includes(signedBy);
      const acceptance = acceptanceOf(body);
      if (accepts(CONTROL_CHAIN, signedBy)) {
        if (acceptance !== undefined) accept(acceptance);
        return;
      }
      const how = acceptance !== undefined && isOfItself(acceptance, signedBy) ? acceptance.how : undefined;
      if (acceptance !== undefined && how === "first" && root === undefined) {
        root = signedBy;
        accept(acceptance);
      } else if (acceptance !== undefined && how === "takeover" && mayTakeOver(signedBy)) {
        root ??= signedBy;
        accept(acceptance);
      } else {
        withoutTrust.add(sequence);
        (how === "takeover" ? takeovers : untrusted).push({ sequence, key: signedBy });
      }
    },
  };
}

function acceptanceOf(body: StoredRecord["record"]["body"]): WriterAcceptedRecord | undefined {
  return body.kind === "writer-accepted" ? body : undefined;
}

function isOfItself({ chain, key }: WriterAcceptedRecord, signedBy: string): boolean {
  return chain === CONTROL_CHAIN && key === signedBy;
}
