import type { CheckpointRecord, RecordedHead } from "./ledger-affair.ts";
import type { StoredRecord } from "./record-object.ts";

/** Where chains stood, by their names. */
export interface SeenHeads {
  /** Of the checkpoint. */
  readonly sequence: number;
  readonly sha256: string;
  /** ISO 8601. */
  readonly at: string;
  readonly heads: ReadonlyMap<string, RecordedHead>;
}

/** The checkpoint that somebody noted elsewhere. */
export interface PinnedHead {
  readonly sequence: number;
  readonly sha256: string;
}

/** Keeps of the checkpoints, which are shown in order, what the chains are compared with. */
export interface CheckpointWatch {
  /** In words, what is wrong with the record; a later one that names a chain's head names it or what follows it. */
  take(stored: StoredRecord): string | undefined;
  /** The newest by one of these keys. */
  newest(isAccepted: (key: string) => boolean): SeenHeads | undefined;
  /** The one that is pinned, if it was there. */
  readonly pinned: SeenHeads | undefined;
}

export function watchCheckpoints(pin: PinnedHead | undefined): CheckpointWatch {
  const newestByKey = new Map<string, SeenHeads>();
  let before: SeenHeads | undefined;
  let pinned: SeenHeads | undefined;
  return {
    get pinned() {
      return pinned;
    },
    take(stored) {
      const seen = seenIn(stored);
      if (seen === undefined) return undefined;
      const behind = before === undefined ? undefined : backwardsIn(before, seen);
      before = seen;
      if (stored.signedBy !== undefined) newestByKey.set(stored.signedBy, seen);
      if (pin?.sequence === seen.sequence && pin.sha256 === seen.sha256) pinned = seen;
      return behind;
    },
    newest: (isAccepted) =>
      [...newestByKey]
        .filter(([key]) => isAccepted(key))
        .map(([, seen]) => seen)
        .reduce<SeenHeads | undefined>(
          (newest, seen) => (newest === undefined || newest.sequence < seen.sequence ? seen : newest),
          undefined,
        ),
  };
}

function seenIn({ record: { sequence, body }, sha256 }: StoredRecord): SeenHeads | undefined {
  if (body.kind !== "checkpoint" || !hasHeads(body)) return undefined;
  return { sequence, sha256, at: body.at, heads: new Map(body.heads.map((one) => [one.chain, one])) };
}

/** Of a key that nobody has accepted it may be anything. */
function hasHeads({ heads }: Partial<CheckpointRecord>): boolean {
  return Array.isArray(heads) && heads.every((one: unknown) => typeof one === "object" && one !== null);
}

function backwardsIn(before: SeenHeads, now: SeenHeads): string | undefined {
  for (const [chain, was] of before.heads) {
    const is = now.heads.get(chain);
    if (is === undefined)
      return `record ${now.sequence} leaves out chain ${chain}, which the one before it had`;
    if (is.sequence < was.sequence) {
      return `record ${now.sequence} saw chain ${chain} end at ${is.sequence}, and the one before it at ${was.sequence}`;
    }
    if (is.sequence === was.sequence && is.sha256 !== was.sha256) {
      return `record ${now.sequence} saw another record ${is.sequence} of chain ${chain} than the one before it`;
    }
  }
  return undefined;
}
