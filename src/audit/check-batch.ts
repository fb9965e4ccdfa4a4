import { addsUp, coverStream, type StreamCoverage } from "../ledger/coverage.ts";
import { decodeManifest, type Manifest, objectsHash } from "../ledger/manifest.ts";
import type { BatchRecord } from "../ledger/record.ts";
import { sha256Hex } from "../sha256.ts";
import { ObjectNotFoundError, type ObjectStore } from "../store/object-store.ts";
import type { View } from "../view.ts";
import type { Finding } from "./finding.ts";

/** A batch's manifest, and what is wrong with it or with the record. */
export interface BatchCheck {
  /** Undefined when it cannot be read. */
  readonly manifest: Manifest | undefined;
  readonly findings: readonly Finding[];
}

/** Reads the manifest of a batch and compares it with the record. Throws what the store throws, but for a missing one. */
export async function checkBatch(
  ledger: ObjectStore,
  node: string,
  record: BatchRecord,
): Promise<BatchCheck> {
  const { batch, objects } = record;
  const { key, sha256 } = record.manifest;
  const damaged = (message: string): BatchCheck => ({
    manifest: undefined,
    findings: [{ kind: "manifest", node, batch, message: `${key} ${message}` }],
  });
  const bytes = await readIfThere(ledger, key);
  if (bytes === undefined) return damaged("is missing");
  if (sha256Hex(bytes) !== sha256) return damaged("was changed");
  let manifest: Manifest;
  try {
    manifest = await decodeManifest(bytes);
  } catch {
    return damaged("is the recorded one and no manifest");
  }
  const findings: Finding[] = [];
  // Manifests of earlier releases say nothing of the objects.
  if (manifest.objects !== undefined && manifest.objects !== objectsHash(objects)) {
    findings.push({
      kind: "manifest",
      node,
      batch,
      message: `${key} names other objects than the record does`,
    });
  }
  if (!agrees(record, manifest)) findings.push({ kind: "counts", node, batch });
  return { manifest, findings };
}

/** The record's counts are its manifest's, every line is accounted for, and every quarantined line has its row. */
function agrees({ counts, objects }: BatchRecord, { sources }: Manifest): boolean {
  const covers = sources.map((source) => coverStream([source]));
  const sum = (pick: (cover: StreamCoverage) => number): number =>
    covers.reduce((total, cover) => total + pick(cover), 0);
  const quarantined = sum((cover) =>
    Object.values(cover.quarantined).reduce((total, lines) => total + lines, 0),
  );
  const rowsOf = (view: View): number =>
    objects.reduce((total, object) => total + (object.view === view ? object.rows : 0), 0);
  return (
    covers.every(addsUp) &&
    counts.lines === sum(({ lines }) => lines) &&
    counts.bytes === sum(({ coveredBytes }) => coveredBytes) &&
    counts.stored === sum(({ stored }) => stored) &&
    counts.refused === sum(({ refused }) => refused) &&
    counts.quarantined === quarantined &&
    rowsOf("quarantine") === quarantined &&
    // A view whose term is shorter may have had no place for some rows any more.
    Math.max(rowsOf("raw"), rowsOf("analytics")) <= counts.stored &&
    rowsOf("raw") + rowsOf("analytics") >= counts.stored
  );
}

async function readIfThere(ledger: ObjectStore, key: string): Promise<Uint8Array | undefined> {
  try {
    return await ledger.read(key);
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return undefined;
    throw error;
  }
}
