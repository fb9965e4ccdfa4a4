import { describe, expect, it } from "vitest";
import { OverlapError, openNodeLedger } from "../../../ingest/io/node-ledger.ts";
import { candidatesOf } from "../../../ingest/source/stream-index.ts";
import { exitCode } from "../../../src/exit-code.ts";
import type { ManifestSource } from "../../../src/ledger/manifest.ts";
import { decodeManifest } from "../../../src/ledger/manifest.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { writerTo } from "../../support/ledger-writer.ts";
import { createMemoryStore } from "../../support/memory-store.ts";
import { batchOf, sourceOf, stream, type TestBatch } from "../../support/recorded-batch.ts";

const head = "a".repeat(32);

async function commit(ledger: ObjectStore, sources: readonly ManifestSource[]): Promise<TestBatch> {
  const batch = await batchOf(sources);
  await ledger.create(batch.record.manifest.key, batch.manifest);
  const node = await openNodeLedger(writerTo(ledger), "web01");
  await node.commit(batch.record, await decodeManifest(batch.manifest));
  return batch;
}

async function ledgerOf(
  count: number,
): Promise<{ readonly ledger: ObjectStore; readonly batches: readonly TestBatch[] }> {
  const ledger = createMemoryStore("memory:ledger");
  const batches: TestBatch[] = [];
  for (let i = 0; i < count; i++) {
    batches.push(
      await commit(ledger, [sourceOf(i * 10, i * 10 + 10, { pieces: [[i * 10 + 10, String(i).repeat(3)]] })]),
    );
  }
  return { ledger, batches };
}

describe("openNodeLedger", () => {
  it("knows every piece of every stream, and every batch, of a chain of any length", async () => {
    const { ledger, batches } = await ledgerOf(40);
    const node = await openNodeLedger(writerTo(ledger), "web01");
    const pieces = Array.from({ length: 40 }, (_, i) => ({
      from: i * 10,
      to: i * 10 + 10,
      sha256: String(i).repeat(3),
    }));
    expect(candidatesOf(node.streams, head)).toEqual([{ id: stream, head, pieces }]);
    for (const { record } of batches) {
      expect(node.isCommitted(record.batch)).toBe(true);
      expect(await node.recordOf(record.batch)).toEqual(record);
    }
    expect(node.isCommitted("f".repeat(32))).toBe(false);
    expect(await node.recordOf("f".repeat(32))).toBeUndefined();
  });

  it("knows nothing of another node", async () => {
    const { ledger, batches } = await ledgerOf(1);
    const node = await openNodeLedger(writerTo(ledger), "web02");
    expect(candidatesOf(node.streams, head)).toEqual([]);
    expect(node.isCommitted(batches[0]?.record.batch ?? "")).toBe(false);
  });

  it.each([
    ["is missing", undefined],
    ["was changed", "changed"],
  ])("stops and says so when a manifest %s: nobody would know what is stored", async (_name, text) => {
    const { ledger, batches } = await ledgerOf(3);
    const record = batches[1]?.record;
    await ledger.remove([record?.manifest.key ?? ""]);
    if (text !== undefined) await ledger.create(record?.manifest.key ?? "", Buffer.from(text));
    await expect(openNodeLedger(writerTo(ledger), "web01")).rejects.toMatchObject({
      exitCode: exitCode.integrity,
      message: expect.stringContaining(record?.manifest.key ?? "a key"),
    });
  });
});

describe("overlaps", () => {
  it("is told from what was committed before, and from what others committed since once it has caught up", async () => {
    const ledger = createMemoryStore("memory:ledger");
    await commit(ledger, [sourceOf(0, 10)]);
    const node = await openNodeLedger(writerTo(ledger), "web01");
    const since = await commit(ledger, [sourceOf(20, 40)]);
    const overlapsOf = async (): Promise<readonly boolean[]> => {
      const overlapping: boolean[] = [];
      for (const [from, to] of [
        [0, 20],
        [10, 20],
        [30, 50],
      ] as const) {
        const { manifest } = await batchOf([sourceOf(from, to)]);
        overlapping.push(node.overlaps(await decodeManifest(manifest)));
      }
      return overlapping;
    };
    expect(await overlapsOf()).toEqual([true, false, false]);
    await node.catchUp();
    expect(await overlapsOf()).toEqual([true, false, true]);
    expect(await node.recordOf(since.record.batch)).toEqual(since.record);
    // What comes next stands behind it.
    const { record, manifest } = await batchOf([sourceOf(10, 20)]);
    await ledger.create(record.manifest.key, manifest);
    await node.commit(record, await decodeManifest(manifest));
    expect(await (await openNodeLedger(writerTo(ledger), "web01")).recordOf(record.batch)).toEqual(record);
  });
});

describe("commit", () => {
  it("knows its own batches as it knows those of others", async () => {
    const ledger = createMemoryStore("memory:ledger");
    const node = await openNodeLedger(writerTo(ledger), "web01");
    for (const [from, to] of [
      [0, 10],
      [10, 20],
      [30, 40],
    ] as const) {
      const { record, manifest } = await batchOf([sourceOf(from, to)]);
      await node.commit(record, await decodeManifest(manifest));
      expect(await node.recordOf(record.batch)).toEqual(record);
    }
    const again = await batchOf([sourceOf(5, 25)]);
    await expect(node.commit(again.record, await decodeManifest(again.manifest))).rejects.toBeInstanceOf(
      OverlapError,
    );
    expect(node.isCommitted(again.record.batch)).toBe(false);
  });

  it("refuses what was committed before it was opened", async () => {
    const { ledger } = await ledgerOf(3);
    const node = await openNodeLedger(writerTo(ledger), "web01");
    const { record, manifest } = await batchOf([sourceOf(20, 40)]);
    await expect(node.commit(record, await decodeManifest(manifest))).rejects.toBeInstanceOf(OverlapError);
  });

  it("refuses what others committed since, and knows their streams from then on", async () => {
    const ledger = createMemoryStore("memory:ledger");
    const node = await openNodeLedger(writerTo(ledger), "web01");
    const other = await commit(ledger, [sourceOf(0, 30)]);
    const { record, manifest } = await batchOf([sourceOf(20, 40)]);
    await expect(node.commit(record, await decodeManifest(manifest))).rejects.toBeInstanceOf(OverlapError);
    expect(await node.recordOf(other.record.batch)).toEqual(other.record);
    expect(candidatesOf(node.streams, head)).toHaveLength(1);
  });

  it("goes on behind what others committed, where nothing overlaps", async () => {
    const ledger = createMemoryStore("memory:ledger");
    const node = await openNodeLedger(writerTo(ledger), "web01");
    await commit(ledger, [sourceOf(0, 30)]);
    for (const [from, to] of [
      [30, 40],
      [40, 50],
    ] as const) {
      const { record, manifest } = await batchOf([sourceOf(from, to)]);
      await ledger.create(record.manifest.key, manifest);
      await node.commit(record, await decodeManifest(manifest));
      expect(await node.recordOf(record.batch)).toEqual(record);
    }
    expect(
      (await openNodeLedger(writerTo(ledger), "web01")).streams.byHead.get(head)?.[0]?.pieces,
    ).toHaveLength(3);
  });
});
