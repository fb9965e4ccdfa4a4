import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { readAttachment } from "../ledger/attachment.ts";
import { judgeFence } from "../ledger/judge-record.ts";
import { foldLease } from "../ledger/lease-state.ts";
import { addUpInventory, decodeInventory } from "../ledger/purge-inventory.ts";
import type { Attachment } from "../ledger/record.ts";
import type { StoredRecord } from "../ledger/record-object.ts";
import type { PurgeCertificateRecord, PurgeInventory } from "../ledger/retention-record.ts";
import { CONTROL_CHAIN } from "../partition.ts";
import { dayKeyNameOf, formatDayKey } from "../seal/day-key-name.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { View } from "../view.ts";
import type { AuditState } from "./audit-state.ts";
import { consume, noteStored, takeRewrite } from "./take-record.ts";

/**
 * Takes the next record of the control chain into account, which is by a key that may write it. What a certificate names
 * that cannot be read, or that does not add up to it, stays as it was. Throws what the ledger throws.
 */
export async function takeControlRecord(
  state: AuditState,
  ledger: ObjectStore,
  stored: StoredRecord,
  isFresh: boolean,
): Promise<void> {
  takeFence(state, stored);
  const { sequence, body } = stored.record;
  const { control } = state;
  const origin = { chain: CONTROL_CHAIN, sequence, isFresh };
  if (body.kind === "purge") destroy(state, body.view, body.objects);
  else if (body.kind === "purge-begun")
    control.begun.set(sequence, { at: body.at, inventory: body.inventory });
  else if (body.kind === "purge-certificate") {
    control.begun.delete(body.begun);
    await takeCertificate(state, ledger, sequence, body);
  } else if (body.kind === "keys-destroyed") {
    for (const key of body.keys) control.keysDestroyed.add(formatDayKey(key));
  } else if (body.kind === "rewrite") takeRewrite(state, body, origin);
  else if (body.kind === "hold-copied") noteStored(state, body.outputs, origin);
}

/** In words, why there is none. */
export async function readInventory(
  ledger: ObjectStore,
  attachment: Attachment,
): Promise<PurgeInventory | string> {
  try {
    return await decodeInventory(await readAttachment(ledger, attachment));
  } catch (error) {
    if (!(error instanceof UserError)) return `${attachment.key} is no inventory`;
    // Of the store it is trouble, of what it holds a finding.
    if (error.exitCode === exitCode.integrity) return error.message;
    throw error;
  }
}

function takeFence(state: AuditState, stored: StoredRecord): void {
  const { control, kept } = state;
  const fault = judgeFence(control.lease, stored);
  control.lease = foldLease(control.lease, stored);
  if (fault === undefined) return;
  const { sequence } = stored.record;
  kept.add({ kind: "record", chain: CONTROL_CHAIN, sequence, message: fault.message });
}

async function takeCertificate(
  state: AuditState,
  ledger: ObjectStore,
  sequence: number,
  certificate: PurgeCertificateRecord,
): Promise<void> {
  const inventory = await readInventory(ledger, certificate.inventory);
  const { key } = certificate.inventory;
  const message =
    typeof inventory === "string"
      ? inventory
      : isCertified(inventory, certificate)
        ? undefined
        : `${key} is not what the certificate says of it`;
  if (message !== undefined) state.kept.add({ kind: "certificate", sequence, message });
  else if (typeof inventory !== "string") destroy(state, certificate.group.view, inventory.objects);
}

function isCertified(inventory: PurgeInventory, certificate: PurgeCertificateRecord): boolean {
  const { view, day, retentionClass } = certificate.group;
  const { group } = inventory;
  const isOfGroup = group.view === view && group.day === day && group.retentionClass === retentionClass;
  const { objects, versions, deleteMarkers, uploads, rows, sizeBytes, unrecordedObjects } =
    addUpInventory(inventory);
  return (
    isOfGroup &&
    objects === certificate.objects &&
    versions === certificate.versions &&
    deleteMarkers === certificate.deleteMarkers &&
    uploads === certificate.uploads &&
    rows === certificate.rows &&
    sizeBytes === certificate.sizeBytes &&
    unrecordedObjects === certificate.unrecordedObjects
  );
}

function destroy(state: AuditState, view: View, objects: readonly { readonly key: string }[]): void {
  for (const { key } of objects) {
    consume(state, view, key);
    const name = view === "analytics" ? undefined : dayKeyNameOf(view, key);
    if (name !== undefined) state.control.keysCertified.add(formatDayKey(name));
  }
}
