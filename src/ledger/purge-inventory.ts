import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import type { InventoryObject, PurgeCertificateRecord, PurgeInventory } from "./retention-record.ts";

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** An inventory of more than this, decompressed, was not written by us: it would name two million objects. */
const INVENTORY_BYTES_MAX = 512 * 1024 * 1024;

/** What an inventory comes to, as its certificate says it. */
export type InventoryTotals = Pick<
  PurgeCertificateRecord,
  "objects" | "versions" | "deleteMarkers" | "uploads" | "rows" | "sizeBytes" | "unrecordedObjects"
>;

/** The same inventory gives the same bytes with one version of zlib. */
export async function encodeInventory({ version, group, objects }: PurgeInventory): Promise<Uint8Array> {
  const { view, day, retentionClass } = group;
  const fields = { version, group: { view, day, retentionClass }, objects: objects.map(inOrder) };
  return await compress(`${JSON.stringify(fields)}\n`, { level: 6 });
}

/** Throws when the bytes are no inventory. */
export async function decodeInventory(bytes: Uint8Array): Promise<PurgeInventory> {
  const text = await decompress(bytes, { maxOutputLength: INVENTORY_BYTES_MAX });
  const value = JSON.parse(text.toString("utf8")) as Partial<PurgeInventory> | null;
  const isInventory =
    value?.version === 1 &&
    typeof value.group?.day === "string" &&
    Array.isArray(value.objects) &&
    value.objects.every(isObject);
  if (!isInventory) throw new Error("no inventory of version 1");
  return value as PurgeInventory;
}

export function addUpInventory({ objects }: Pick<PurgeInventory, "objects">): InventoryTotals {
  const sum = (pick: (object: InventoryObject) => number): number =>
    objects.reduce((total, object) => total + pick(object), 0);
  return {
    objects: objects.length,
    versions: sum(({ versions }) => versions),
    deleteMarkers: sum(({ deleteMarkers }) => deleteMarkers),
    uploads: sum(({ uploads }) => uploads),
    rows: sum(({ rows }) => rows ?? 0),
    sizeBytes: sum(({ sizeBytes }) => sizeBytes),
    unrecordedObjects: objects.filter(({ sha256 }) => sha256 === null).length,
  };
}

function inOrder(object: InventoryObject): InventoryObject {
  const { key, sizeBytes, rows, sha256, versions, deleteMarkers, uploads } = object;
  return { key, sizeBytes, rows, sha256, versions, deleteMarkers, uploads };
}

function isObject(value: unknown): value is InventoryObject {
  if (typeof value !== "object" || value === null) return false;
  const { key, sizeBytes, rows, sha256, versions, deleteMarkers, uploads } =
    value as Partial<InventoryObject>;
  return (
    typeof key === "string" &&
    [sizeBytes, versions, deleteMarkers, uploads].every(isCount) &&
    (rows === null || isCount(rows)) &&
    (sha256 === null || typeof sha256 === "string")
  );
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
