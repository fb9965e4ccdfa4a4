import { UserError } from "../errors.ts";
import { readAttachment } from "../ledger/attachment.ts";
import { addUpInventory, decodeInventory } from "../ledger/purge-inventory.ts";
import type { RecordedObject } from "../ledger/record.ts";
import type { StoredRecord } from "../ledger/record-object.ts";
import type { PurgeCertificateRecord, PurgeInventory } from "../ledger/retention-record.ts";
import type { RewriteRecord } from "../ledger/rewrite-record.ts";
import type { ObjectStore } from "../store/object-store.ts";
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

/** Takes what a record of the control chain destroyed or rewrote into account. Throws what the ledger throws. */
export async function takeControlRecord(
  state: AuditState,
  ledger: ObjectStore,
  { record: { chain, sequence, body } }: StoredRecord,
  isFresh: boolean,
): Promise<void> {
  switch (body.kind) {
    case "purge":
      for (const { key } of body.objects) consume(state, body.view, key);
      return;
    case "purge-certificate":
      await takeCertificate(state, ledger, sequence, body);
      return;
    case "rewrite":
      takeRewrite(state, body, { chain, sequence, isFresh });
      return;
    case "hold-copied":
      noteStored(state, body.outputs, { chain, sequence, isFresh });
      return;
    default:
      return;
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
    if (isConsumed(state, view, key)) state.kept.add({ kind: "consumed-twice", view, key });
    consume(state, view, key);
  }
  noteStored(state, body.outputs, origin);
}

async function takeCertificate(
  state: AuditState,
  ledger: ObjectStore,
  sequence: number,
  certificate: PurgeCertificateRecord,
): Promise<void> {
  const inventory = await readInventory(ledger, certificate);
  if (typeof inventory === "string") {
    state.kept.add({ kind: "certificate", sequence, message: inventory });
    return;
  }
  const { view } = certificate.group;
  for (const { key } of inventory.objects) consume(state, view, key);
}

/** In words, why it does not hold. */
async function readInventory(
  ledger: ObjectStore,
  certificate: PurgeCertificateRecord,
): Promise<PurgeInventory | string> {
  const { group } = certificate;
  let inventory: PurgeInventory;
  try {
    inventory = await decodeInventory(await readAttachment(ledger, certificate.inventory));
  } catch (error) {
    if (error instanceof UserError) return error.message;
    return `${certificate.inventory.key} is no inventory`;
  }
  const totals = addUpInventory(inventory);
  const isOfGroup =
    inventory.group.view === group.view &&
    inventory.group.day === group.day &&
    inventory.group.retentionClass === group.retentionClass;
  const isSame =
    isOfGroup &&
    Object.entries(totals).every(([name, count]) => {
      return certificate[name as keyof typeof totals] === count;
    });
  return isSame ? inventory : `${certificate.inventory.key} is not what the certificate says of it`;
}

/** Of what was restored and destroyed again there are two certificates, and that is no fault. */
function consume({ objects }: AuditState, view: View, key: string): void {
  const index = objects.ensure(view, key);
  objects.columns.flags[index] = (objects.columns.flags[index] as number) | flag.consumed;
}

function isConsumed({ objects }: AuditState, view: View, key: string): boolean {
  const index = objects.find(view, key);
  return index !== -1 && ((objects.columns.flags[index] as number) & flag.consumed) !== 0;
}
