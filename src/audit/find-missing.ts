import { readRecordAt } from "../ledger/chain.ts";
import type { RecordBody, RecordedObject } from "../ledger/record.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { type View, views } from "../view.ts";
import type { AuditState, ChainAccount } from "./audit-state.ts";
import { FINDINGS_OF_KIND_MAX, type FindingSink } from "./finding.ts";
import { isYoung } from "./is-young.ts";
import { flag, viewOfFlags } from "./object-table.ts";
import { readInventory } from "./take-control.ts";

export interface MissingQuestion {
  readonly ledger: ObjectStore;
  readonly stores: Readonly<Record<View, ObjectStore>>;
  readonly nowMs: number;
  /** How long a purge may take from its first removal to its certificate. */
  readonly inFlightMs: number;
  /** False when nobody knows what was destroyed, because the chain that says it is broken. */
  readonly isDestructionKnown: boolean;
}

/** Recorded objects that were not listed, and are no finding. By view. */
export interface AbsentCounts {
  /** Being destroyed: a purge has begun, and has not come to its certificate. */
  readonly leaving: Readonly<Record<View, number>>;
  /** Nobody knows whether they were destroyed. */
  readonly unjudged: Readonly<Record<View, number>>;
}

/**
 * Finds what is recorded, not destroyed, and was not listed. The state has no names: they are read in the records, of as many
 * as are named.
 */
export async function findMissing(
  state: AuditState,
  question: MissingQuestion,
  sink: FindingSink,
): Promise<AbsentCounts> {
  await markLeaving(state, question, sink);
  const leaving = noneOf();
  const unjudged = noneOf();
  const suspects: number[] = [];
  let others = 0;
  const { columns, size } = state.objects;
  for (let index = 0; index < size; index++) {
    const flags = columns.flags[index] as number;
    const isAbsent = (flags & (flag.recorded | flag.consumed | flag.fresh | flag.listed)) === flag.recorded;
    if (!isAbsent) continue;
    if ((flags & flag.leaving) !== 0) leaving[viewOfFlags(flags)]++;
    else if (!question.isDestructionKnown) unjudged[viewOfFlags(flags)]++;
    else if (suspects.length < FINDINGS_OF_KIND_MAX) suspects.push(index);
    else others++;
  }
  await nameMissing(state, question, suspects, sink);
  sink.addUnnamed("missing", others);
  return { leaving, unjudged };
}

/** Marks what young purges have begun to remove. What they were to remove is read in their inventories. */
async function markLeaving(
  state: AuditState,
  { ledger, nowMs, inFlightMs }: MissingQuestion,
  sink: FindingSink,
): Promise<void> {
  for (const [sequence, { at, inventory: attachment }] of state.control.begun) {
    if (!isYoung(Date.parse(at), { nowMs, inFlightMs })) continue;
    const inventory = await readInventory(ledger, attachment);
    if (typeof inventory === "string") {
      sink.add({ kind: "certificate", sequence, message: inventory });
      continue;
    }
    const { flags } = state.objects.columns;
    for (const { key } of inventory.objects) {
      const index = state.objects.find(inventory.group.view, key);
      if (index !== -1) flags[index] = (flags[index] as number) | flag.leaving;
    }
  }
}

async function nameMissing(
  state: AuditState,
  { ledger, stores }: MissingQuestion,
  suspects: readonly number[],
  sink: FindingSink,
): Promise<void> {
  const { columns } = state.objects;
  const records = new Map<string, number[]>();
  for (const index of suspects) {
    const name = `${columns.chain[index]} ${columns.sequence[index]}`;
    records.set(name, [...(records.get(name) ?? []), index]);
  }
  for (const [name, indexes] of records) {
    const [chain = 0, sequence = 0] = name.split(" ").map(Number);
    const { chain: chainName } = state.chains[chain] as ChainAccount;
    const { record } = await readRecordAt(ledger, chainName, sequence);
    const missing = new Set(indexes);
    for (const { view, key } of objectsOf(record.body)) {
      if (!missing.has(state.objects.find(view, key))) continue;
      // A listing that lags behind does not make it missing.
      if (!(await isListed(stores[view], key))) sink.add({ kind: "missing", view, key });
    }
  }
}

/** What a record says is in the store. */
function objectsOf(body: RecordBody): readonly RecordedObject[] {
  if (body.kind === "batch") return body.objects;
  return body.kind === "rewrite" || body.kind === "hold-copied" ? body.outputs : [];
}

export async function isListed(store: ObjectStore, key: string): Promise<boolean> {
  for await (const object of store.list(key)) if (object.key === key) return true;
  return false;
}

function noneOf(): Record<View, number> {
  return Object.fromEntries(views.map((view) => [view, 0])) as Record<View, number>;
}
