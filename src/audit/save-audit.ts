import { type AuditState, type ChainAccount, type ControlAccount, createAuditState } from "./audit-state.ts";
import { createFindingSink, type SavedFindings } from "./finding.ts";
import { createObjectTable } from "./object-table.ts";
import { createStreamTable, type StreamGap } from "./stream-table.ts";

/** A state as bytes: a line of JSON, and columns. */
export interface SavedAudit {
  readonly header: string;
  readonly parts: readonly Uint8Array[];
}

/** For what a state holds: nothing that it says is true of another store, or for who trusts other keys. */
export interface AuditPlace {
  readonly storeId: string;
  readonly pinnedKeys: readonly string[];
}

/** Another number for another meaning of what is saved: then everything is read anew. */
const FORMAT = 1;

export function saveAudit(state: AuditState, { storeId, pinnedKeys }: AuditPlace): SavedAudit {
  const { objects, streams, chains, control, kept } = state;
  const { begun, keysDestroyed, keysCertified } = control;
  const streamsSaved = streams.save();
  const header: SavedHeader = {
    format: FORMAT,
    storeId,
    pinnedKeys: [...pinnedKeys].sort(),
    objects: objects.size,
    streams: streamsSaved.size,
    gaps: streamsSaved.gaps,
    chains: chains.map((account) => ({ ...account, signers: [...account.signers] })),
    control: {
      ...control,
      begun: [...begun],
      keysDestroyed: [...keysDestroyed],
      keysCertified: [...keysCertified],
    },
    kept: kept.save(),
  };
  return { header: JSON.stringify(header), parts: [...objects.save(), ...streamsSaved.parts] };
}

/** Undefined for what is of another format or place, or does not fit together. */
export function restoreAudit({ header, parts }: SavedAudit, place: AuditPlace): AuditState | undefined {
  try {
    const saved = JSON.parse(header) as SavedHeader;
    const isSame =
      saved.format === FORMAT &&
      saved.storeId === place.storeId &&
      saved.pinnedKeys.join() === [...place.pinnedKeys].sort().join();
    if (!isSame) return undefined;
    const { begun, keysDestroyed, keysCertified } = saved.control;
    return {
      objects: createObjectTable({ size: saved.objects, parts: parts.slice(0, -2) }),
      streams: createStreamTable({ size: saved.streams, parts: parts.slice(-2), gaps: saved.gaps }),
      chains: saved.chains.map((account) => ({ ...account, signers: new Map(account.signers) })),
      control: {
        ...createAuditState().control,
        ...saved.control,
        begun: new Map(begun),
        keysDestroyed: new Set(keysDestroyed),
        keysCertified: new Set(keysCertified),
      },
      kept: createFindingSink(saved.kept),
    };
  } catch {
    return undefined;
  }
}

type Pairs<Entries> =
  Entries extends ReadonlyMap<infer Key, infer Value> ? readonly (readonly [Key, Value])[] : never;

interface SavedHeader {
  readonly format: number;
  readonly storeId: string;
  readonly pinnedKeys: readonly string[];
  readonly objects: number;
  readonly streams: number;
  readonly gaps: readonly StreamGap[];
  readonly chains: readonly (Omit<ChainAccount, "signers"> & {
    readonly signers: Pairs<ChainAccount["signers"]>;
  })[];
  readonly control: Omit<ControlAccount, "begun" | "keysDestroyed" | "keysCertified"> & {
    readonly begun: Pairs<ControlAccount["begun"]>;
    readonly keysDestroyed: readonly string[];
    readonly keysCertified: readonly string[];
  };
  readonly kept: SavedFindings;
}
