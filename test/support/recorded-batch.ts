import {
  batchId,
  encodeManifest,
  type Manifest,
  type ManifestSource,
  manifestKey,
  objectsHash,
} from "../../src/ledger/manifest.ts";
import type { BatchRecord, RecordedObject } from "../../src/ledger/record.ts";
import { sha256Hex } from "../../src/sha256.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import type { View } from "../../src/view.ts";
import { createMemoryStore } from "./memory-store.ts";

export type Roots = Readonly<Record<View | "ledger", ObjectStore>>;

export function memoryRoots(): Roots {
  return {
    raw: createMemoryStore("memory:raw"),
    analytics: createMemoryStore("memory:analytics"),
    quarantine: createMemoryStore("memory:quarantine"),
    ledger: createMemoryStore("memory:ledger"),
  };
}

export const stream = "5".repeat(32);

/** Ten bytes to a line, all stored unless it says otherwise. */
export function sourceOf(from: number, to: number, more: Partial<ManifestSource> = {}): ManifestSource {
  const lines = (to - from) / 10;
  return {
    stream,
    head: "a".repeat(32),
    name: "access.log",
    format: "combined",
    from,
    to,
    pieces: [[to, "0".repeat(64)]],
    lines,
    stored: lines,
    quarantined: [],
    refused: [],
    endsUnterminated: false,
    ...more,
  };
}

/** A batch as it lies in the spool. */
export interface TestBatch {
  readonly record: BatchRecord;
  readonly manifest: Uint8Array;
  readonly objects: readonly Uint8Array[];
}

export interface TestBatchOptions {
  /** What the objects hold: another import of the same lines writes other bytes. */
  readonly content?: string;
  /** What analytics objects are named after: another machine's secret gives another name. */
  readonly alias?: string;
  readonly at?: string;
  /** True for a manifest that names no objects. */
  readonly isUnnamed?: boolean;
  /** Changes what the manifest and the record say of the objects. */
  readonly changeObject?: (object: RecordedObject) => RecordedObject;
  readonly change?: (record: BatchRecord) => BatchRecord;
}

/** A batch that took these ranges: an object of each view for what it stored, one for what it set aside. */
export async function batchOf(
  sources: readonly ManifestSource[],
  options: TestBatchOptions = {},
): Promise<TestBatch> {
  const node = "web01";
  const batch = batchId(1, node, sources);
  const content = options.content ?? "content";
  const alias = sha256Hex(batch, options.alias ?? "secret").slice(0, 32);
  const sum = (pick: (source: ManifestSource) => number): number =>
    sources.reduce((total, source) => total + pick(source), 0);
  const stored = sum((source) => source.stored);
  const quarantined = sum((source) => source.quarantined.reduce((total, [, , , lines]) => total + lines, 0));
  const parts = [
    { view: "raw", name: batch, rows: stored },
    { view: "analytics", name: alias, rows: stored },
    { view: "quarantine", name: batch, rows: quarantined },
  ] as const;
  const objects = parts
    .filter(({ rows }) => rows > 0)
    .map(({ view, name, rows }) => {
      const key = `dt=2026-11-22/${node}_standard_${name}.parquet`;
      return { view, key, rows, bytes: Buffer.from(`${view} ${batch} ${content}`) };
    });
  const recorded = objects
    .map(({ view, key, rows, bytes }) => ({
      view,
      key,
      rows,
      sizeBytes: bytes.length,
      sha256: sha256Hex(bytes),
    }))
    .map((object) => options.changeObject?.(object) ?? object);
  const named = options.isUnnamed === true ? {} : { objects: objectsHash(recorded) };
  const value: Manifest = { version: 1, node, batch, ...named, sources };
  const manifest = await encodeManifest(value);
  const record: BatchRecord = {
    kind: "batch",
    node,
    batch,
    at: options.at ?? "2026-11-22T12:00:00.000Z",
    clock: "system",
    program: "0.0.0",
    counts: {
      lines: sum(({ lines }) => lines),
      bytes: sum(({ from, to }) => to - from),
      stored,
      quarantined,
      refused: sum(({ refused }) => refused.reduce((total, [, , lines]) => total + lines, 0)),
    },
    objects: recorded,
    manifest: { key: manifestKey(node, batch), sizeBytes: manifest.length, sha256: sha256Hex(manifest) },
  };
  return { record: options.change?.(record) ?? record, manifest, objects: objects.map(({ bytes }) => bytes) };
}
