import { writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type Finding, isSerious } from "../../src/audit/finding.ts";
import { parseDay } from "../../src/day.ts";
import { appendRecord } from "../../src/ledger/chain.ts";
import type { ManifestSource } from "../../src/ledger/manifest.ts";
import type { PurgedObject } from "../../src/ledger/purge-record.ts";
import type { BatchRecord } from "../../src/ledger/record.ts";
import { sha256Hex } from "../../src/sha256.ts";
import { createFolderStore } from "../../src/store/folder-store.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import type { View } from "../../src/view.ts";
import { replaceObject } from "../ledger/memory-ledger.ts";
import { appendControl, auditOf } from "../support/audit.ts";
import { writerTo } from "../support/ledger-writer.ts";
import {
  batchOf,
  memoryRoots,
  type Roots,
  sourceOf,
  stream,
  type TestBatch,
  type TestBatchOptions,
} from "../support/recorded-batch.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const node = "web01";

async function commit(
  roots: Roots,
  sources: readonly ManifestSource[],
  options?: TestBatchOptions,
): Promise<TestBatch> {
  const batch = await batchOf(sources, options);
  for (const [index, { view, key }] of batch.record.objects.entries()) {
    await roots[view].create(key, batch.objects[index] as Uint8Array);
  }
  await roots.ledger.create(batch.record.manifest.key, batch.manifest);
  await appendRecord(writerTo(roots.ledger), node, batch.record);
  return batch;
}

async function recordPurge(roots: Roots, view: View, objects: readonly PurgedObject[]): Promise<void> {
  const day = parseDay("2026-11-22");
  if (day === undefined) throw new Error("a day");
  const at = "2028-11-23T02:00:00.000Z";
  await appendControl(roots.ledger, {
    kind: "purge",
    view,
    day,
    at,
    clock: "system",
    policy: [],
    objects,
    failures: 0,
  });
}

/** The store says that everything in it was put there at this time. */
function dated(store: ObjectStore, modifiedMs: number): ObjectStore {
  return {
    ...store,
    async *list(prefix, options) {
      for await (const object of store.list(prefix, options)) yield { ...object, modifiedMs };
    },
  };
}

async function findings(roots: Roots): Promise<readonly Finding[]> {
  return (await auditOf(roots)).findings;
}

/** Two batches of one log, with lines of every fate. */
async function healthyStore(
  roots: Roots = memoryRoots(),
): Promise<{ roots: Roots; first: TestBatch; second: TestBatch }> {
  const first = await commit(roots, [
    sourceOf(0, 100, { stored: 6, quarantined: [[0, 30, "shape", 3]], refused: [[30, 40, 1]] }),
  ]);
  const second = await commit(roots, [sourceOf(100, 200), sourceOf(0, 50, { stream: "6".repeat(32) })]);
  return { roots, first, second };
}

function objectOf({ record }: TestBatch, view: View): BatchRecord["objects"][number] {
  const object = record.objects.find((candidate) => candidate.view === view);
  if (object === undefined) throw new Error(`no object in ${view}`);
  return object;
}

describe("auditStore", () => {
  it("finds nothing in a store that nothing was put into", async () => {
    const roots = memoryRoots();
    expect(await auditOf(roots)).toMatchObject({ nodes: [], findings: [] });
  });

  it("finds nothing in a healthy store, and gives account of it", async () => {
    const { roots, first, second } = await healthyStore();
    const { nodes, objects, findings: found } = await auditOf(roots);
    expect(found).toEqual([]);
    expect(nodes).toMatchObject([
      {
        node,
        records: 2,
        batches: 2,
        streams: 2,
        lines: 25,
        stored: 21,
        quarantined: 3,
        refused: 1,
      },
    ]);
    const rawBytes = objectOf(first, "raw").sizeBytes + objectOf(second, "raw").sizeBytes;
    expect(objects.raw).toEqual({
      recorded: 2,
      destroyed: 0,
      listed: 2,
      listedBytes: rawBytes,
      sealed: 0,
      inFlight: 0,
      leaving: 0,
      overdue: 0,
      unjudged: 0,
      hidden: { versions: 0, versionBytes: 0, deleteMarkers: 0, uploads: 0 },
    });
    expect(objects.quarantine).toMatchObject({ recorded: 1, listed: 1 });
  });

  it("finds nothing in a healthy folder", async () => {
    const folder = await temporaryFolder();
    const open = (root: string): ObjectStore => createFolderStore(`${folder}/${root}`, `file:///${root}`);
    const roots = {
      raw: open("raw"),
      analytics: open("analytics"),
      quarantine: open("quarantine"),
      ledger: open("ledger"),
    };
    await healthyStore(roots);
    expect(await findings(roots)).toEqual([]);
  });

  it("reads every node's chain, also where one's name begins another's", async () => {
    const roots = memoryRoots();
    const names = ["web", "web-1", "web.a", "web0", "web1"];
    for (const name of names) {
      const { record, manifest } = await batchOf([sourceOf(0, 10)], {
        change: (made) => ({ ...made, node: name, objects: [] }),
      });
      await roots.ledger.create(record.manifest.key, manifest);
      await appendRecord(writerTo(roots.ledger), name, record);
    }
    const { nodes } = await auditOf(roots);
    expect(nodes.map((audit) => `${audit.node} ${audit.records}`).sort()).toEqual(
      names.map((name) => `${name} 1`),
    );
  });

  it.each(["raw", "analytics", "quarantine"] as const)(
    "finds an object that is missing in %s",
    async (view) => {
      const { roots, first } = await healthyStore();
      const { key } = objectOf(first, view);
      await roots[view].remove([key]);
      expect(await findings(roots)).toEqual([{ kind: "missing", view, key }]);
    },
  );

  it.each(["raw", "analytics", "quarantine"] as const)(
    "finds an object that was changed in %s",
    async (view) => {
      const { roots, first } = await healthyStore();
      const { key, sizeBytes: recordedBytes } = objectOf(first, view);
      await replaceObject(roots[view], key, "short");
      expect(await findings(roots)).toEqual([{ kind: "changed", view, key, sizeBytes: 5, recordedBytes }]);
    },
  );

  it("finds nothing where an object was destroyed on schedule", async () => {
    const { roots, first } = await healthyStore();
    const object = objectOf(first, "raw");
    await roots.raw.remove([object.key]);
    await recordPurge(roots, "raw", [object]);
    const audit = await auditOf(roots);
    expect(audit.findings).toEqual([]);
    expect(audit.objects.raw).toMatchObject({ recorded: 2, destroyed: 1, listed: 1 });
    expect(audit.nodes.map((known) => known.node)).toEqual([node]);
  });

  it("finds an object that is there though it was destroyed", async () => {
    const { roots, first } = await healthyStore();
    const object = objectOf(first, "raw");
    await recordPurge(roots, "raw", [object]);
    expect(await findings(roots)).toEqual([{ kind: "undead", view: "raw", key: object.key }]);
  });

  it("counts an object that no record names as on its way, for as long as a batch may be, then names its node", async () => {
    const { roots } = await healthyStore();
    const key = `dt=2026-11-22/web01_standard_${"f".repeat(32)}.parquet`;
    await roots.raw.create(key, Buffer.from("x"));
    const putMs = Date.parse("2026-11-22T12:00:00Z");
    const raw = dated(roots.raw, putMs);
    const inFlightMs = 48 * 3_600_000;
    const young = await auditOf({ ...roots, raw }, { nowMs: putMs + inFlightMs, inFlightMs });
    expect(young.findings).toEqual([]);
    expect(young.objects.raw.inFlight).toBe(1);
    const old = await auditOf({ ...roots, raw }, { nowMs: putMs + inFlightMs + 1, inFlightMs });
    const since = "2026-11-22T12:00:00.000Z";
    expect(old.findings).toEqual([{ kind: "unrecorded", view: "raw", key, node: "web01", since }]);
    expect(old.findings.filter(isSerious)).toHaveLength(1);
  });

  it.each(["notes.txt", "dt=2026-11-22/other.parquet"])(
    "calls %s foreign, which has no name of hostlog's, and does not call that serious",
    async (key) => {
      const { roots } = await healthyStore();
      await roots.raw.create(key, Buffer.from("x"));
      const found = await findings(roots);
      expect(found).toEqual([{ kind: "foreign", view: "raw", key }]);
      expect(found.filter(isSerious)).toEqual([]);
    },
  );

  it("finds a name in a folder that is no key", async () => {
    const folder = await temporaryFolder();
    const open = (root: string): ObjectStore => createFolderStore(`${folder}/${root}`, `file:///${root}`);
    const roots = { ...memoryRoots(), raw: open("raw") };
    await healthyStore(roots);
    await writeFile(`${folder}/raw/a copy.parquet`, "x");
    expect(await findings(roots)).toEqual([{ kind: "foreign", view: "raw", key: "a copy.parquet" }]);
  });

  it("finds bytes that no batch took", async () => {
    const roots = memoryRoots();
    await commit(roots, [sourceOf(0, 100)]);
    await commit(roots, [sourceOf(120, 200)]);
    expect(await findings(roots)).toEqual([{ kind: "gap", node, stream, from: 100, to: 120 }]);
  });

  it("finds bytes that two batches took", async () => {
    const roots = memoryRoots();
    await commit(roots, [sourceOf(0, 100)]);
    await commit(roots, [sourceOf(80, 200)]);
    expect(await findings(roots)).toEqual([{ kind: "overlap", node, stream, from: 80, to: 100 }]);
  });

  it("finds that a batch was recorded twice", async () => {
    const { roots, first } = await healthyStore();
    await appendRecord(writerTo(roots.ledger), node, first.record);
    const found = await findings(roots);
    expect(found).toContainEqual({ kind: "overlap", node, stream, from: 0, to: 100 });
    const { key } = objectOf(first, "raw");
    expect(found).toContainEqual({ kind: "recorded-twice", view: "raw", key });
  });

  it.each([
    ["is missing", undefined, "is missing"],
    ["was changed", gzipSync("{}"), "was changed"],
    ["is empty", new Uint8Array(0), "was changed"],
  ])("finds a manifest that %s", async (_name, bytes, message) => {
    const { roots, second } = await healthyStore();
    const { key } = second.record.manifest;
    await roots.ledger.remove([key]);
    if (bytes !== undefined) await roots.ledger.create(key, bytes);
    expect(await findings(roots)).toEqual([
      { kind: "manifest", node, batch: second.record.batch, message: `${key} ${message}` },
    ]);
  });

  it("finds a manifest that was recorded and is none", async () => {
    const roots = memoryRoots();
    const bytes = Buffer.from("not compressed");
    const { record } = await commit(roots, [sourceOf(0, 100)], {
      change: (made) => ({ ...made, manifest: { ...made.manifest, sha256: sha256Hex(bytes) } }),
    });
    await replaceObject(roots.ledger, record.manifest.key, bytes);
    expect(await findings(roots)).toMatchObject([{ kind: "manifest", batch: record.batch }]);
  });

  const otherObjects: readonly [string, (objects: BatchRecord["objects"]) => BatchRecord["objects"]][] = [
    ["another key", (objects) => objects.map((object) => ({ ...object, key: `${object.key}.age` }))],
    ["another hash", (objects) => objects.map((object) => ({ ...object, sha256: "0".repeat(64) }))],
    ["another size", (objects) => objects.map((object) => ({ ...object, sizeBytes: 1 }))],
    ["another order", (objects) => [...objects].reverse()],
  ];

  it.each(otherObjects)("finds a manifest that was made for objects with %s", async (_name, change) => {
    const roots = memoryRoots();
    const { record } = await commit(roots, [sourceOf(0, 100)], {
      change: (made) => ({ ...made, objects: change(made.objects) }),
    });
    const { batch, manifest } = record;
    const found = await findings(roots);
    const expected = {
      kind: "manifest",
      node,
      batch,
      message: `${manifest.key} names other objects than the record does`,
    } as const;
    expect(found).toContainEqual(expected);
    expect(isSerious(expected)).toBe(true);
  });

  it("accepts a manifest of an earlier release, which names no objects", async () => {
    const roots = memoryRoots();
    await commit(roots, [sourceOf(0, 100)], { isUnnamed: true });
    expect(await findings(roots)).toEqual([]);
  });

  it.each(["lines", "bytes", "stored", "quarantined", "refused"] as const)(
    "finds that a record's count of %s is not its manifest's",
    async (name) => {
      const roots = memoryRoots();
      const source = sourceOf(0, 100, {
        stored: 6,
        quarantined: [[0, 30, "shape", 3]],
        refused: [[30, 40, 1]],
      });
      const { record } = await commit(roots, [source], {
        change: (made) => ({ ...made, counts: { ...made.counts, [name]: made.counts[name] + 1 } }),
      });
      expect(await findings(roots)).toEqual([{ kind: "counts", node, batch: record.batch }]);
    },
  );

  it("finds that a manifest's own counts do not add up, source by source", async () => {
    const roots = memoryRoots();
    // Together they would.
    const { record } = await commit(roots, [
      sourceOf(0, 100, { stored: 9 }),
      sourceOf(100, 200, { stored: 11 }),
    ]);
    expect(await findings(roots)).toEqual([{ kind: "counts", node, batch: record.batch }]);
  });

  it.each([
    ["raw and analytics hold fewer rows than were stored", { raw: -6, analytics: -5 }],
    ["raw holds a row that was not stored", { raw: 1 }],
    ["analytics holds a row that was not stored", { analytics: 1 }],
    ["quarantine holds a row less", { quarantine: -1 }],
    ["quarantine holds a row more", { quarantine: 1 }],
  ])("finds that %s", async (_name, change: Partial<Record<View, number>>) => {
    const roots = memoryRoots();
    const source = sourceOf(0, 100, { stored: 10 - 3, quarantined: [[0, 30, "shape", 3]] });
    const { record } = await commit(roots, [source], {
      changeObject: (object) => ({ ...object, rows: object.rows + (change[object.view] ?? 0) }),
    });
    expect(await findings(roots)).toEqual([{ kind: "counts", node, batch: record.batch }]);
  });

  it("accepts that a view of a shorter term took fewer rows", async () => {
    const roots = memoryRoots();
    await commit(roots, [sourceOf(0, 100)], {
      changeObject: (object) => (object.view === "raw" ? { ...object, rows: 4 } : object),
    });
    expect(await findings(roots)).toEqual([]);
  });
});

describe("auditStore, while others work", () => {
  /** Does something once, when the chains were read and before the store is listed. */
  function before(store: ObjectStore, act: () => Promise<unknown>): ObjectStore {
    let isDone = false;
    return {
      ...store,
      async *list(prefix, options) {
        if (!isDone) {
          isDone = true;
          await act();
        }
        yield* store.list(prefix, options);
      },
    };
  }

  it.each(["raw", "quarantine"] as const)(
    "does not take a batch that is committed as %s is listed for missing, or for unrecorded",
    async (view) => {
      const { roots } = await healthyStore();
      const stores = { ...roots, [view]: before(roots[view], () => commit(roots, [sourceOf(200, 300)])) };
      const { findings: found, nodes, objects } = await auditOf(stores);
      expect(nodes[0]?.batches).toBe(3);
      expect(found).toEqual([]);
      expect(objects.raw.listed).toBe(view === "raw" ? 3 : 2);
    },
  );

  it.each(["raw", "quarantine"] as const)(
    "does not take an object that is destroyed as %s is listed for missing, or for undead",
    async (view) => {
      const { roots, first } = await healthyStore();
      const object = objectOf(first, "raw");
      const destroy = async (): Promise<void> => {
        await roots.raw.remove([object.key]);
        await recordPurge(roots, "raw", [object]);
      };
      expect((await auditOf({ ...roots, [view]: before(roots[view], destroy) })).findings).toEqual([]);
    },
  );

  it("asks again for what a listing that lags behind did not show, or still shows", async () => {
    const { roots, first } = await healthyStore();
    const [raw, analytics] = [objectOf(first, "raw"), objectOf(first, "analytics")];
    await recordPurge(roots, "analytics", [analytics]);
    const lagging = (
      store: ObjectStore,
      change: (keys: readonly string[]) => readonly string[],
    ): ObjectStore => ({
      ...store,
      async *list(prefix, options) {
        const shown: string[] = [];
        for await (const { key } of store.list(prefix, options)) shown.push(key);
        const keys = prefix === "" ? change(shown) : shown;
        for (const key of keys) yield { key, sizeBytes: analytics.sizeBytes };
      },
    });
    await roots.analytics.remove([analytics.key]);
    const stores = {
      ...roots,
      raw: lagging(roots.raw, (keys) => keys.filter((key) => key !== raw.key)),
      analytics: lagging(roots.analytics, (keys) => [...keys, analytics.key]),
    };
    const { findings: found } = await auditOf(stores);
    expect(found.filter(({ kind }) => kind === "missing" || kind === "undead")).toEqual([]);
  });
});
