import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  batchId,
  decodeManifest,
  encodeManifest,
  type Manifest,
  manifestKey,
  objectsHash,
} from "../../src/ledger/manifest.ts";
import type { RecordedObject } from "../../src/ledger/record.ts";
import { isKey } from "../../src/store/object-store.ts";
import { sourceOf } from "../support/recorded-batch.ts";

const manifest: Manifest = {
  version: 1,
  node: "web01",
  batch: "b".repeat(32),
  objects: "c".repeat(64),
  sources: [
    sourceOf(0, 100, { stored: 7, quarantined: [[0, 20, "shape", 2]], refused: [[20, 30, 1]] }),
    sourceOf(100, 200, { name: "ünï.log", endsUnterminated: true }),
  ],
};

const anyRange = fc.record({
  stream: fc.stringMatching(/^[0-9a-f]{32}$/),
  from: fc.nat(),
  to: fc.nat(),
});

describe("encodeManifest and decodeManifest", () => {
  it("give back what was put in", async () => {
    expect(await decodeManifest(await encodeManifest(manifest))).toEqual(manifest);
  });

  it("write the same bytes each time, so that sending twice is sending once", async () => {
    expect(await encodeManifest(manifest)).toEqual(await encodeManifest(manifest));
  });
});

describe("decodeManifest", () => {
  it("reads a manifest of an earlier release, which names no objects", async () => {
    const { objects: _, ...earlier } = manifest;
    expect(await decodeManifest(gzipSync(JSON.stringify(earlier)))).toEqual(earlier);
  });

  it.each([
    ["what is not compressed", Buffer.from(JSON.stringify(manifest))],
    ["what is cut off", gzipSync(JSON.stringify(manifest)).subarray(0, 60)],
    ["no JSON", gzipSync("{")],
    ["another version", gzipSync(JSON.stringify({ ...manifest, version: 2 }))],
    ["null", gzipSync("null")],
  ])("throws for %s", async (_name, bytes) => {
    await expect(decodeManifest(bytes)).rejects.toThrow();
  });
});

describe("objectsHash", () => {
  const object: RecordedObject = {
    view: "raw",
    key: "dt=2026-11-22/web01_standard_b.parquet",
    rows: 9,
    sizeBytes: 1000,
    sha256: "a".repeat(64),
  };

  it("is that of the list, as anybody can compute it", () => {
    // printf '[["raw","dt=2026-11-22/web01_standard_b.parquet",9,1000,"aaa…"]]' | sha256sum
    expect(objectsHash([object])).toBe("7019fd91a22882bdd8f47135b340e533b0389cc0cdce6c0756c5507240552d57");
    // printf '[]' | sha256sum
    expect(objectsHash([])).toBe("4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945");
  });

  it("is another for each other object, count or order", () => {
    const hashes = [
      [],
      [object],
      [object, object],
      [{ ...object, view: "analytics" as const }],
      [{ ...object, key: "x" }],
      [{ ...object, rows: 91, sizeBytes: 0 }],
      [{ ...object, rows: 8 }],
      [{ ...object, sizeBytes: 1001 }],
      [{ ...object, sha256: "b".repeat(64) }],
      [object, { ...object, key: "x" }],
      [{ ...object, key: "x" }, object],
    ].map(objectsHash);
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});

describe("batchId", () => {
  it("is the same whatever the order of the ranges", () => {
    fc.assert(
      fc.property(fc.array(anyRange, { minLength: 1 }), (ranges) => {
        expect(batchId(1, "web01", ranges)).toBe(batchId(1, "web01", [...ranges].reverse()));
        expect(batchId(1, "web01", ranges)).toMatch(/^[0-9a-f]{32}$/);
      }),
    );
  });

  it("is another for each other node, schema, stream, beginning, end or number of ranges", () => {
    const range = { stream: "a".repeat(32), from: 1, to: 23 };
    const ids = [
      batchId(1, "web01", [range]),
      batchId(2, "web01", [range]),
      batchId(1, "web02", [range]),
      batchId(1, "web01", [{ ...range, stream: "b".repeat(32) }]),
      batchId(1, "web01", [{ ...range, from: 2 }]),
      batchId(1, "web01", [{ ...range, to: 24 }]),
      batchId(1, "web01", [{ ...range, from: 12, to: 3 }]),
      batchId(1, "web01", [range, range]),
      batchId(1, "web01", []),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe("manifestKey", () => {
  it("is a key below the ledger's root, by node and batch", () => {
    expect(manifestKey("web01", "b".repeat(32))).toBe(`manifests/web01/${"b".repeat(32)}.json.gz`);
    expect(isKey(manifestKey("a".repeat(63), "b".repeat(32)))).toBe(true);
  });
});
