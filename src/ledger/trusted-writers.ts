import { CONTROL_CHAIN } from "../partition.ts";
import type { WriterAcceptedRecord } from "./ledger-affair.ts";
import type { StoredRecord } from "./record-object.ts";

/** Whose records count, as the control chain says. */
export interface TrustedWriters {
  /** The key that signed the first signed record of the control chain: all trust comes from it. */
  readonly root: string | undefined;
  /** What each record that accepted a key says, in order; only those that count. */
  readonly accepted: readonly WriterAcceptedRecord[];
  /** Records of the control chain, by sequence, that are signed by a key which nobody had accepted. */
  readonly untrusted: readonly { readonly sequence: number; readonly key: string }[];
  /** Keys that accepted themselves because every earlier one was lost: who verifies must pin them. */
  readonly takeovers: readonly string[];
  /** A key that is accepted for the control chain is accepted for every chain. */
  accepts(chain: string, key: string): boolean;
}

export interface WriterLedger extends TrustedWriters {
  /** Takes the next record of the control chain into account. */
  take(stored: StoredRecord): void;
}

/** `pinned`: keys that are trusted to take over, from the config or the command line. */
export function createTrustedWriters(pinned: readonly string[] = []): WriterLedger {
  const keys = new Map<string, Set<string>>();
  const accepted: WriterAcceptedRecord[] = [];
  const untrusted: { sequence: number; key: string }[] = [];
  const takeovers: string[] = [];
  let root: string | undefined;

  const accepts = (chain: string, key: string): boolean =>
    keys.get(CONTROL_CHAIN)?.has(key) === true || keys.get(chain)?.has(key) === true;
  const accept = (record: WriterAcceptedRecord): void => {
    const known = keys.get(record.chain) ?? new Set();
    keys.set(record.chain, known.add(record.key));
    accepted.push(record);
  };
  const isSelfAccepted = (record: WriterAcceptedRecord, signedBy: string): boolean =>
    record.chain === CONTROL_CHAIN &&
    record.key === signedBy &&
    (root === undefined ? record.how === "first" : record.how === "takeover");

  return {
    get root() {
      return root;
    },
    accepted,
    untrusted,
    takeovers,
    accepts,
    take({ record: { sequence, body }, signedBy }) {
      if (signedBy === undefined) return;
      const isAcceptance = body.kind === "writer-accepted";
      if (accepts(CONTROL_CHAIN, signedBy)) {
        if (isAcceptance) accept(body);
        return;
      }
      if (!isAcceptance || !isSelfAccepted(body, signedBy)) {
        untrusted.push({ sequence, key: signedBy });
        return;
      }
      if (root === undefined) root = signedBy;
      else if (!pinned.includes(signedBy)) takeovers.push(signedBy);
      accept(body);
    },
  };
}
