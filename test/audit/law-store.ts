import { putAttachment } from "../../src/ledger/attachment.ts";
import { appendRecord } from "../../src/ledger/chain.ts";
import type { ManifestSource } from "../../src/ledger/manifest.ts";
import { addUpInventory, encodeInventory } from "../../src/ledger/purge-inventory.ts";
import type { Attachment, RecordedObject } from "../../src/ledger/record.ts";
import type { RecordSigner } from "../../src/ledger/record-signer.ts";
import type {
  InventoryObject,
  PurgeCertificateRecord,
  PurgeInventory,
} from "../../src/ledger/retention-record.ts";
import { formatKey } from "../../src/partition.ts";
import { sha256Hex } from "../../src/sha256.ts";
import type { View } from "../../src/view.ts";
import { appendControl } from "../support/audit.ts";
import { testSigner, writerTo } from "../support/ledger-writer.ts";
import { dayOf } from "../support/purge-objects.ts";
import { batchOf, type Roots, type TestBatch, type TestBatchOptions } from "../support/recorded-batch.ts";

export const node = "web01";
export const day = dayOf("2026-11-22");
export const stamp = { at: "2026-11-22T12:00:00.000Z", clock: "system" } as const;

/** A batch that is in the store and on record, as it should be. */
export async function commit(
  roots: Roots,
  sources: readonly ManifestSource[],
  { signer = testSigner(), ...options }: TestBatchOptions & { readonly signer?: RecordSigner } = {},
): Promise<TestBatch> {
  const batch = await batchOf(sources, options);
  const { node: chain, objects, manifest } = batch.record;
  for (const [index, { view, key }] of objects.entries()) {
    await roots[view].create(key, batch.objects[index] as Uint8Array);
  }
  await roots.ledger.create(manifest.key, batch.manifest);
  await appendRecord(writerTo(roots.ledger, signer), chain, batch.record);
  return batch;
}

export function objectOf({ record }: TestBatch, view: View): RecordedObject {
  const object = record.objects.find((candidate) => candidate.view === view);
  if (object === undefined) throw new Error(`no object in ${view}`);
  return object;
}

/** An object's name and bytes, as another program of hostlog's would put them there. */
export function madeObject(
  view: View,
  { name = "a", node: maker = node, retentionClass = "standard", rows = 10, isSealed = false } = {},
): RecordedObject & { readonly bytes: Uint8Array } {
  const bytes = Buffer.from(`${view} ${name}`);
  const batch = sha256Hex(name).slice(0, 32);
  const key = formatKey({ day, node: maker, retentionClass, batch, isSealed });
  return { view, key, rows, sizeBytes: bytes.length, sha256: sha256Hex(bytes), bytes };
}

export function recordedOf({ view, key, rows, sizeBytes, sha256 }: RecordedObject): RecordedObject {
  return { view, key, rows, sizeBytes, sha256 };
}

/** The inventory of a purge of these objects. */
function inventoryOf(objects: readonly RecordedObject[]): PurgeInventory {
  const view = objects[0]?.view ?? "raw";
  const none = { versions: 0, deleteMarkers: 0, uploads: 0 };
  const listed = objects.map(
    ({ key, rows, sizeBytes, sha256 }): InventoryObject => ({ key, rows, sizeBytes, sha256, ...none }),
  );
  return { version: 1, group: { view, day, retentionClass: "standard" }, objects: listed };
}

/** Says that a purge of these objects begins; returns its sequence, and what it named. */
export async function recordBegun(
  roots: Roots,
  objects: readonly RecordedObject[],
  at = stamp.at,
): Promise<Attachment> {
  const inventory = inventoryOf(objects);
  const attachment = await putAttachment(roots.ledger, "inventories", await encodeInventory(inventory));
  const { group } = inventory;
  const rule = { kind: "class", term: "2y", dueDay: day } as const;
  await appendControl(roots.ledger, {
    kind: "purge-begun",
    ...stamp,
    at,
    group,
    rule,
    plan: 2,
    inventory: attachment,
  });
  return attachment;
}

/** Certifies that these objects are gone; `begun` is the sequence of what said that they would go. */
export async function recordCertificate(
  roots: Roots,
  objects: readonly RecordedObject[],
  change: Partial<PurgeCertificateRecord> = {},
): Promise<void> {
  const inventory = inventoryOf(objects);
  const attachment = await putAttachment(roots.ledger, "inventories", await encodeInventory(inventory));
  await appendControl(roots.ledger, {
    kind: "purge-certificate",
    ...stamp,
    group: inventory.group,
    rule: { kind: "class", term: "2y", dueDay: day },
    plan: 2,
    begun: 2,
    inventory: attachment,
    ...addUpInventory(inventory),
    clocks: { local: stamp.at, store: null },
    keys: { kind: "outstanding" },
    holds: [],
    verification: { at: stamp.at, listings: 1 },
    exceptions: [],
    by: "purger",
    ...change,
  });
}
