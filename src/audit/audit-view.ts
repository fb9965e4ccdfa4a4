import { parseKey } from "../partition.ts";
import type { SealMode } from "../seal/seal-mode.ts";
import type { ObjectStore, StoredObject } from "../store/object-store.ts";
import type { View } from "../view.ts";
import { auditHidden, type HiddenAudit } from "./audit-hidden.ts";
import type { AuditState } from "./audit-state.ts";
import { compareSeal } from "./compare-seals.ts";
import type { Finding } from "./finding.ts";
import { flag, wordsOfHex } from "./object-table.ts";

export interface ViewListing {
  readonly listed: number;
  readonly listedBytes: number;
  /** Those of the listed whose name is a sealed object's. */
  readonly sealed: number;
  readonly hidden: HiddenAudit;
  /** Listed, and no record names them by now. */
  readonly unrecorded: readonly StoredObject[];
  /** Recorded as destroyed, and listed. */
  readonly undead: readonly string[];
  readonly findings: readonly Finding[];
}

/** How many objects without a record are kept by name; whoever has more has another trouble. */
const UNRECORDED_MAX = 100_000;

/** Compares a view's listing with the state, object by object, and marks in the state what was listed. */
export async function auditView(
  state: AuditState,
  view: View,
  store: ObjectStore,
  seal: SealMode | undefined,
): Promise<ViewListing> {
  const findings: Finding[] = [];
  const unrecorded: StoredObject[] = [];
  const undead: string[] = [];
  let listed = 0;
  let listedBytes = 0;
  let sealed = 0;
  const onForeign = (key: string): void => void findings.push({ kind: "foreign", view, key });
  for await (const object of store.list("", { onForeign })) {
    const { key, sizeBytes } = object;
    listed++;
    listedBytes += sizeBytes;
    const named = compareSeal(view, key, seal);
    if (named.isSealed) sealed++;
    if (named.finding !== undefined) findings.push(named.finding);
    const index = state.objects.find(view, key);
    if (index === -1) {
      if (unrecorded.length < UNRECORDED_MAX) unrecorded.push(object);
      continue;
    }
    const { columns } = state.objects;
    const flags = (columns.flags[index] as number) | flag.listed;
    columns.flags[index] = flags;
    if ((flags & flag.consumed) !== 0) undead.push(key);
    else {
      const finding = compareObject(state, index, view, object);
      if (finding !== undefined) findings.push(finding);
    }
  }
  const isDestroyed = (key: string): boolean => {
    const index = state.objects.find(view, key);
    return index !== -1 && ((state.objects.columns.flags[index] as number) & flag.consumed) !== 0;
  };
  const { hidden, undead: hiddenUndead } = await auditHidden(store, isDestroyed);
  const allUndead = [...new Set([...undead, ...hiddenUndead])];
  return { listed, listedBytes, sealed, hidden, unrecorded, undead: allUndead, findings };
}

function compareObject(
  { objects: { columns } }: AuditState,
  index: number,
  view: View,
  { key, sizeBytes, md5 }: StoredObject,
): Finding | undefined {
  const recordedBytes = columns.sizeBytes[index] as number;
  if (sizeBytes !== recordedBytes) return { kind: "changed", view, key, sizeBytes, recordedBytes };
  if (md5 === undefined) return undefined;
  const [high, low] = [columns.md5[index * 2], columns.md5[index * 2 + 1]];
  if (high === 0 && low === 0) return undefined;
  const [listedHigh, listedLow] = wordsOfHex(md5, 2);
  return high === listedHigh && low === listedLow ? undefined : { kind: "altered", view, key };
}

/** What an object without a record is: on its way, for as long as a batch may be, and then a finding. */
export function judgeUnrecorded(
  view: View,
  { key, modifiedMs }: StoredObject,
  { nowMs, inFlightMs }: { readonly nowMs: number; readonly inFlightMs: number },
): Finding | "in-flight" {
  const node = parseKey(key)?.node;
  const isYoung = modifiedMs !== undefined && nowMs - modifiedMs <= inFlightMs;
  if (node !== undefined && isYoung) return "in-flight";
  const since = modifiedMs === undefined ? undefined : new Date(modifiedMs).toISOString();
  return { kind: "unrecorded", view, key, node, since };
}
