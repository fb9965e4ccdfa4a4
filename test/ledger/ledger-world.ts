import { appendRecord, type LedgerWriter, recordKey } from "../../src/ledger/chain.ts";
import { type RecordStamp } from "../../src/ledger/lease.ts";
import { readControl } from "../../src/ledger/read-control.ts";
import { type BatchRecord, type RecordBody, type SignedRecord } from "../../src/ledger/record.ts";
import { encodeRecord, readRecord } from "../../src/ledger/record-object.ts";
import { type RecordSigner } from "../../src/ledger/record-signer.ts";
import { type LedgerQuestion, type LedgerReport, verifyLedger } from "../../src/ledger/verify-ledger.ts";
import { type WrittenCheckpoint, writeCheckpoint } from "../../src/ledger/write-checkpoint.ts";
import { CONTROL_CHAIN } from "../../src/partition.ts";
import { type ObjectStore } from "../../src/store/object-store.ts";
import { otherSigner, testSigner, testStoreId, writerTo } from "../support/ledger-writer.ts";
import { replaceObject } from "./memory-ledger.ts";

/** The machine that decides and destroys, and two nodes. */
export const [decider, web01, web02] = [testSigner(), otherSigner(1), otherSigner(2)];

export const stamp: RecordStamp = { at: "2026-11-22T12:00:00.000Z", clock: "system" };

/** A batch whose only purpose is to be told from others. */
export function batchOf(node: string, number: number): BatchRecord {
  return {
    kind: "batch",
    node,
    batch: number.toString(16).padStart(32, "0"),
    ...stamp,
    program: "0.0.0",
    counts: { lines: number, bytes: number, stored: number, quarantined: 0, refused: 0 },
    objects: [],
    manifest: { key: `manifests/${node}/${number}`, sizeBytes: 1, sha256: "0".repeat(64) },
  };
}

export function acceptanceOf(key: string, fields: Partial<RecordBody> = {}): RecordBody {
  return {
    kind: "writer-accepted",
    ...stamp,
    chain: CONTROL_CHAIN,
    key,
    name: "a machine",
    how: "accepted",
    ...fields,
  } as RecordBody;
}

/** Batches `from` to `to` of a node, each a record of its chain. */
export async function ship(writer: LedgerWriter, node: string, from: number, to: number): Promise<void> {
  for (let number = from; number <= to; number++) await appendRecord(writer, node, batchOf(node, number));
}

export async function checkpoint(ledger: ObjectStore, signer = decider): Promise<WrittenCheckpoint> {
  return writeCheckpoint(writerTo(ledger, signer), stamp, (await readControl(ledger)).writers);
}

/**
 * control: 1 the first writer, 2 a lease, 3 a run under it, 4 its end, 5 and 6 the nodes' keys. web01: 7 records, of which
 * checkpoint 1 has seen 4 and checkpoint 2 6. web02: 3 records, both have seen 2 and 3.
 */
export async function fillLedger(ledger: ObjectStore): Promise<readonly WrittenCheckpoint[]> {
  const control = writerTo(ledger, decider);
  await appendRecord(control, CONTROL_CHAIN, acceptanceOf(decider.key, { how: "first" }));
  await ship(writerTo(ledger, web01), "web01", 1, 4);
  await ship(writerTo(ledger, web02), "web02", 1, 2);
  const lease = { kind: "lease", ...stamp, name: "retention", holder: "it", until: stamp.at } as const;
  let head = await appendRecord(control, CONTROL_CHAIN, lease);
  const clocks = { local: stamp.at, store: null };
  const ran = { kind: "retention-ran", ...stamp, clocks, certified: 0, overdue: 0 } as const;
  head = await appendRecord(control, CONTROL_CHAIN, ran, { head, fence: 2 });
  const ended = { kind: "lease-ended", ...stamp, name: "retention" } as const;
  await appendRecord(control, CONTROL_CHAIN, ended, { head, fence: 2 });
  const first = await checkpoint(ledger);
  await ship(writerTo(ledger, web01), "web01", 5, 6);
  await ship(writerTo(ledger, web02), "web02", 3, 3);
  const second = await checkpoint(ledger);
  await ship(writerTo(ledger, web01), "web01", 7, 7);
  return [first, second];
}

export const stranger = otherSigner(99);

export async function verify(ledger: ObjectStore, pins: Partial<LedgerQuestion> = {}): Promise<LedgerReport> {
  return verifyLedger({ ledger, storeId: testStoreId, pinnedKeys: [], pinnedHead: undefined, ...pins });
}

export async function readAt(ledger: ObjectStore, chain: string, sequence: number): Promise<SignedRecord> {
  const reading = readRecord(await ledger.read(recordKey(chain, sequence)));
  if (reading.kind !== "record" || reading.stored.record.version === 1) throw new Error("a signed record");
  return reading.stored.record;
}

/** Puts a record in the place of one, or of none, signed by whomever. */
export async function sign(
  ledger: ObjectStore,
  { chain, sequence }: SignedRecord,
  signer: RecordSigner,
  record: SignedRecord,
): Promise<void> {
  await replaceObject(ledger, recordKey(chain, sequence), encodeRecord(record, signer));
}

export async function change(
  ledger: ObjectStore,
  chain: string,
  sequence: number,
  text: RegExp,
): Promise<void> {
  const key = recordKey(chain, sequence);
  const before = Buffer.from(await ledger.read(key)).toString();
  const after = before.replace(text, (found) => (found === "1" ? "2" : "1").padEnd(found.length, "1"));
  if (after === before) throw new Error(`${key} says nothing of the kind`);
  await replaceObject(ledger, key, after);
}

export async function remove(
  ledger: ObjectStore,
  chain: string,
  ...sequences: readonly number[]
): Promise<void> {
  await ledger.remove(sequences.map((sequence) => recordKey(chain, sequence)));
}

/** The key's holder writes its chain anew from a record on. */
export async function rewrite(
  ledger: ObjectStore,
  signer: RecordSigner,
  chain: string,
  from: number,
): Promise<void> {
  const numbers = [1, 2, 3, 4, 5, 6, 7].filter((number) => number >= from);
  await remove(ledger, chain, ...numbers);
  for (const number of numbers)
    await appendRecord(writerTo(ledger, signer), chain, batchOf(chain, number + 100));
}
