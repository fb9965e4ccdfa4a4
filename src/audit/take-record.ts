import type { RecordedObject } from "../ledger/record.ts";
import type { RewriteRecord } from "../ledger/rewrite-record.ts";
import type { View } from "../view.ts";
import { type AuditState, ensureChain } from "./audit-state.ts";
import { flag, wordsOfHex } from "./object-table.ts";

/** A record that named objects as stored, as the objects remember it. */
export interface Origin {
  readonly chain: string;
  readonly sequence: number;
  /** Whether this audit may have listed before the record was written. */
  readonly isFresh: boolean;
}

/** Notes objects that a record says are in the store. */
export function noteStored(state: AuditState, objects: readonly RecordedObject[], origin: Origin): void {
  const chain = ensureChain(state, origin.chain);
  for (const { view, key, sizeBytes, sha256, md5 } of objects) {
    const index = state.objects.ensure(view, key);
    const { columns } = state.objects;
    const flags = columns.flags[index] as number;
    if ((flags & flag.recorded) !== 0) state.kept.add({ kind: "recorded-twice", view, key });
    columns.flags[index] = flags | flag.recorded | (origin.isFresh ? flag.fresh : 0);
    columns.sizeBytes[index] = sizeBytes;
    columns.sha256.set(wordsOfHex(sha256, 4), index * 4);
    if (md5 !== undefined) columns.md5.set(wordsOfHex(md5, 2), index * 2);
    columns.chain[index] = chain;
    columns.sequence[index] = origin.sequence;
  }
}

/** The inputs are gone, the outputs are there, and no row is unaccounted for. */
export function takeRewrite(state: AuditState, body: RewriteRecord, origin: Origin): void {
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, count) => total + count, 0);
  const rowsIn = sum(body.inputs.map(({ rows }) => rows));
  const rowsOut = sum(body.outputs.map(({ rows }) => rows)) + sum(Object.values(body.rowsErased));
  if (rowsIn !== rowsOut) {
    const { chain, sequence } = origin;
    state.kept.add({ kind: "rows-lost", chain, sequence, rows: rowsIn - rowsOut });
  }
  for (const { view, key } of body.inputs) {
    // Its rows would be there twice, or again.
    if (isConsumed(state, view, key)) state.kept.add({ kind: "consumed-twice", view, key });
    consume(state, view, key);
  }
  noteStored(state, body.outputs, origin);
}

/** Takes note that an object is destroyed, or replaced by others. What was restored may be destroyed once more. */
export function consume({ objects }: AuditState, view: View, key: string): void {
  const index = objects.ensure(view, key);
  objects.columns.flags[index] = (objects.columns.flags[index] as number) | flag.consumed;
}

function isConsumed({ objects }: AuditState, view: View, key: string): boolean {
  const index = objects.find(view, key);
  return index !== -1 && ((objects.columns.flags[index] as number) & flag.consumed) !== 0;
}
