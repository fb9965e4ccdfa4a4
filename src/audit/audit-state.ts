import { type ChainHead, emptyChain } from "../ledger/chain.ts";
import { createFindingSink, type Finding, type FindingSink } from "./finding.ts";
import { createObjectTable, type ObjectTable } from "./object-table.ts";
import { createStreamTable, type SavedStreams, type StreamTable } from "./stream-table.ts";

/** What the chains say, as far as they were read. It can be saved, so that the next audit reads on from here. */
export interface AuditState {
  readonly objects: ObjectTable;
  readonly streams: StreamTable;
  /** In the order in which they were met: an object names its chain by the place in it. */
  readonly chains: ChainAccount[];
  /** What was found in records that are not read again. */
  readonly kept: FindingSink;
}

/** What a chain came to. Of a control chain the counts stay 0. */
export interface ChainAccount {
  readonly chain: string;
  head: ChainHead;
  batches: number;
  lines: number;
  stored: number;
  quarantined: number;
  refused: number;
  streams: number;
  /** Records by key that signed them, unless it is accepted by now: that is asked each time. */
  readonly signers: Map<string, number>;
}

export interface SavedAudit {
  readonly header: string;
  readonly parts: readonly Uint8Array[];
}

const FORMAT = 1;

export function createAuditState(): AuditState {
  return {
    objects: createObjectTable(),
    streams: createStreamTable(),
    chains: [],
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

/** `storeId`: an audit of one store says nothing of another. */
export function saveAudit({ objects, streams, chains, kept }: AuditState, storeId: string): SavedAudit {
  const { parts: streamParts, size: streamCount, gaps } = streams.save();
  const header = {
    format: FORMAT,
    storeId,
    objects: objects.size,
    streams: streamCount,
    gaps,
    chains: chains.map((account) => ({ ...account, signers: [...account.signers] })),
    findings: kept.findings,
  };
  return { header: JSON.stringify(header), parts: [...objects.save(), ...streamParts] };
}

/** Undefined for what is not of this format or store, or does not fit together: then everything is read anew. */
export function restoreAudit({ header, parts }: SavedAudit, storeId: string): AuditState | undefined {
  try {
    const saved = JSON.parse(header) as SavedHeader;
    if (saved.format !== FORMAT || saved.storeId !== storeId) return undefined;
    const streams: SavedStreams = { size: saved.streams, parts: parts.slice(-2), gaps: saved.gaps };
    return {
      objects: createObjectTable({ size: saved.objects, parts: parts.slice(0, -2) }),
      streams: createStreamTable(streams),
      chains: saved.chains.map((account) => ({ ...account, signers: new Map(account.signers) })),
      kept: createFindingSink(saved.findings),
    };
  } catch {
    return undefined;
  }
}

interface SavedHeader {
  readonly format: number;
  readonly storeId: string;
  readonly objects: number;
  readonly streams: number;
  readonly gaps: SavedStreams["gaps"];
  readonly chains: readonly (Omit<ChainAccount, "signers"> & {
    readonly signers: readonly (readonly [string, number])[];
  })[];
  readonly findings: readonly Finding[];
}
