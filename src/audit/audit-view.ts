import { parseKey } from "../partition.ts";
import { dayKeyNameOf, formatDayKey } from "../seal/day-key-name.ts";
import type { SealMode } from "../seal/seal-mode.ts";
import type { ObjectStore, StoredObject } from "../store/object-store.ts";
import type { View } from "../view.ts";
import { auditHidden, type HiddenAudit } from "./audit-hidden.ts";
import type { AuditState } from "./audit-state.ts";
import { compareSeal } from "./compare-seals.ts";
import type { FindingSink } from "./finding.ts";
import { judgeOtherMd5 } from "./judge-other-md5.ts";
import { flag, wordsOfHex } from "./object-table.ts";

export interface ViewListing {
  readonly listed: number;
  readonly listedBytes: number;
  /** Those of the listed whose name is a sealed object's. */
  readonly sealed: number;
  /** Sealed objects whose key is destroyed, as it is when their term ends. */
  readonly overdue: number;
  readonly hidden: HiddenAudit;
  /** Listed, with a name of ours, and no record names them by now. */
  readonly unrecorded: readonly UnrecordedObject[];
  /** How many more of these there are. */
  readonly moreUnrecorded: number;
  /** Recorded as destroyed, and listed or hidden. */
  readonly undead: readonly string[];
}

export interface UnrecordedObject extends StoredObject {
  readonly node: string;
}

/** How many objects without a record are kept by name; whoever has more has another trouble. */
const UNRECORDED_MAX = 10_000;

export interface ViewQuestion {
  readonly view: View;
  readonly store: ObjectStore;
  readonly seal: SealMode | undefined;
  readonly onListed?: ((more: number) => void) | undefined;
}

/** Compares a view's listing with the state, object by object, and marks in the state what was listed. */
export async function auditView(
  state: AuditState,
  { view, store, seal, onListed }: ViewQuestion,
  sink: FindingSink,
): Promise<ViewListing> {
  const unrecorded: UnrecordedObject[] = [];
  const undead = new Set<string>();
  const otherMd5: string[] = [];
  const counts = { listed: 0, listedBytes: 0, sealed: 0, overdue: 0, moreUnrecorded: 0 };
  const onForeign = (key: string): void => sink.add({ kind: "foreign", view, key });
  for await (const object of store.list("", { onForeign })) {
    const { key, sizeBytes } = object;
    counts.listed++;
    counts.listedBytes += sizeBytes;
    onListed?.(1);
    const { isSealed, finding } = compareSeal(view, key, seal);
    if (isSealed) counts.sealed++;
    if (isSealed && isKeyDestroyed(state, view, key)) counts.overdue++;
    if (finding !== undefined) sink.add(finding);
    const index = state.objects.find(view, key);
    const node = index === -1 ? parseKey(key)?.node : undefined;
    if (index !== -1) {
      if (markListed(state, index)) undead.add(key);
      else if (hasOtherSize(state, index, object)) {
        const recordedBytes = state.objects.columns.sizeBytes[index] as number;
        sink.add({ kind: "changed", view, key, sizeBytes, recordedBytes });
      } else if (hasOtherMd5(state, index, object)) otherMd5.push(key);
    } else if (node === undefined) onForeign(key);
    else if (unrecorded.length < UNRECORDED_MAX) unrecorded.push({ ...object, node });
    else counts.moreUnrecorded++;
  }
  const hidden = await auditHidden(store, (key) => isDestroyed(state, view, key));
  for (const key of hidden.undead) undead.add(key);
  await judgeOtherMd5(state, { view, store, keys: otherMd5 }, sink);
  return { ...counts, hidden: hidden.hidden, unrecorded, undead: [...undead] };
}

/** True when it is recorded as destroyed. */
function markListed({ objects: { columns } }: AuditState, index: number): boolean {
  const flags = columns.flags[index] as number;
  columns.flags[index] = flags | flag.listed;
  return (flags & flag.consumed) !== 0;
}

function isDestroyed({ objects }: AuditState, view: View, key: string): boolean {
  const index = objects.find(view, key);
  return index !== -1 && ((objects.columns.flags[index] as number) & flag.consumed) !== 0;
}

function isKeyDestroyed({ control: { keysDestroyed } }: AuditState, view: View, key: string): boolean {
  if (keysDestroyed.size === 0 || view === "analytics") return false;
  const name = dayKeyNameOf(view, key);
  return name !== undefined && keysDestroyed.has(formatDayKey(name));
}

/** Nothing is recorded of what only a certificate or a rewrite names. */
function hasOtherSize(
  { objects: { columns } }: AuditState,
  index: number,
  { sizeBytes }: StoredObject,
): boolean {
  const isRecorded = ((columns.flags[index] as number) & flag.recorded) !== 0;
  return isRecorded && columns.sizeBytes[index] !== sizeBytes;
}

/** Where both the record and the listing know one. */
function hasOtherMd5({ objects: { columns } }: AuditState, index: number, { md5 }: StoredObject): boolean {
  const [high, low] = [columns.md5[index * 2], columns.md5[index * 2 + 1]];
  if (md5 === undefined || (high === 0 && low === 0)) return false;
  const [listedHigh, listedLow] = wordsOfHex(md5, 2);
  return high !== listedHigh || low !== listedLow;
}
