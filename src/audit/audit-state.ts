import { type ChainHead, emptyChain } from "../ledger/chain.ts";
import type { HeldLease } from "../ledger/lease-state.ts";
import type { Attachment } from "../ledger/record.ts";
import type { StoredRecord } from "../ledger/record-object.ts";
import { createFindingSink, type FindingSink } from "./finding.ts";
import { createObjectTable, type ObjectTable } from "./object-table.ts";
import { createStreamTable, type StreamTable } from "./stream-table.ts";

/** What the chains say, as far as they were read. It can be saved, so that the next audit reads on from here. */
export interface AuditState {
  readonly objects: ObjectTable;
  readonly streams: StreamTable;
  /** In the order in which they were met: an object names its chain by the place in it. */
  readonly chains: ChainAccount[];
  readonly control: ControlAccount;
  /** What was found in records that are not read again. */
  readonly kept: FindingSink;
}

/** What a chain came to. Of the control chain the counts stay 0. */
export interface ChainAccount {
  readonly chain: string;
  head: ChainHead;
  batches: number;
  lines: number;
  stored: number;
  quarantined: number;
  refused: number;
  streams: number;
  /** Who signed. Of the control chain only keys that nobody had accepted; of others that is asked each time. */
  readonly signers: Map<string, SignerUse>;
}

export interface SignerUse {
  /** The sequence of the first record that the key signed. */
  readonly first: number;
  readonly records: number;
}

/** What is remembered of the control chain. */
export interface ControlAccount {
  /** The records that accept keys, also those that nobody has to believe: who may write follows from them. */
  readonly acceptances: StoredRecord[];
  /** Whether one of the pinned keys, where there are any, has signed a record. */
  isAnchored: boolean;
  lease: HeldLease | undefined;
  /** Purges that have begun and are not certified, by the sequence that says so. */
  readonly begun: Map<number, BegunPurge>;
  /** Key pairs that are destroyed, as `formatDayKey` writes them. */
  readonly keysDestroyed: Set<string>;
  /** Key pairs of whose sealed objects some are certified as destroyed. */
  readonly keysCertified: Set<string>;
  /** Whether a record of a node was left out that counts once somebody accepts its key. */
  hasLeftOut: boolean;
}

export interface BegunPurge {
  /** ISO 8601. */
  readonly at: string;
  readonly inventory: Attachment;
}

export function createAuditState(): AuditState {
  return {
    objects: createObjectTable(),
    streams: createStreamTable(),
    chains: [],
    control: {
      acceptances: [],
      isAnchored: false,
      lease: undefined,
      begun: new Map(),
      keysDestroyed: new Set(),
      keysCertified: new Set(),
      hasLeftOut: false,
    },
    kept: createFindingSink(),
  };
}

/** The number of a chain's account in the list; it is added if it is not there. */
export function ensureChain({ chains }: AuditState, chain: string): number {
  const known = chains.findIndex((account) => account.chain === chain);
  if (known !== -1) return known;
  chains.push({
    chain,
    head: emptyChain,
    batches: 0,
    lines: 0,
    stored: 0,
    quarantined: 0,
    refused: 0,
    streams: 0,
    signers: new Map(),
  });
  return chains.length - 1;
}

export function accountOf(state: AuditState, chain: string): ChainAccount {
  return state.chains[ensureChain(state, chain)] as ChainAccount;
}

export function countSigner({ signers }: ChainAccount, { record, signedBy }: StoredRecord): void {
  if (signedBy === undefined) return;
  const { first, records } = signers.get(signedBy) ?? { first: record.sequence, records: 0 };
  signers.set(signedBy, { first, records: records + 1 });
}

/**
 * False when something may be otherwise at the next audit although no record is added: a file that is put back from a
 * copy, a key that is accepted. Then what is saved stays where it was.
 */
export function isLasting({ kept, control }: AuditState): boolean {
  return (
    !control.hasLeftOut && !kept.findings.some(({ kind }) => kind === "manifest" || kind === "certificate")
  );
}
