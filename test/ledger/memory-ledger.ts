import { parseDay } from "../../src/day.ts";
import { readChain } from "../../src/ledger/chain.ts";
import type { PurgeRecord } from "../../src/ledger/purge-record.ts";
import type { StoredRecord } from "../../src/ledger/record-object.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";

/** A record whose only purpose is to be told from others. */
export function recordAt(number: number): PurgeRecord {
  const day = parseDay("2026-11-22");
  if (day === undefined) throw new Error("a day");
  const at = new Date(Date.UTC(2026, 10, 22, 0, 0, number)).toISOString();
  return { kind: "purge", view: "raw", day, at, clock: "system", policy: [], objects: [], failures: number };
}

export async function recordsOf(ledger: ObjectStore, chain: string): Promise<StoredRecord[]> {
  const records: StoredRecord[] = [];
  for await (const record of readChain(ledger, chain)) records.push(record);
  return records;
}

/** What somebody with access to the bucket can do, and the store's own interface cannot. */
export async function replaceObject(
  store: ObjectStore,
  key: string,
  bytes: Uint8Array | string,
): Promise<void> {
  await store.remove([key]);
  await store.create(key, Buffer.from(bytes));
}
