import { type Manifest, manifestKey } from "../../src/ledger/manifest.ts";
import type { BatchCounts, BatchRecord, RecordedObject } from "../../src/ledger/record.ts";
import { sha256Hex } from "../../src/sha256.ts";
import { version } from "../../src/version.ts";

/** The record that will commit a batch: what its manifest adds up to, and the objects that hold it. */
export function batchRecord(
  manifest: Manifest,
  manifestBytes: Uint8Array,
  objects: readonly RecordedObject[],
  received: Pick<BatchRecord, "at" | "clock">,
): BatchRecord {
  const { node, batch } = manifest;
  return {
    kind: "batch",
    node,
    batch,
    at: received.at,
    clock: received.clock,
    program: version,
    counts: countsOf(manifest),
    objects,
    manifest: {
      key: manifestKey(node, batch),
      sizeBytes: manifestBytes.length,
      sha256: sha256Hex(manifestBytes),
    },
  };
}

function countsOf({ sources }: Manifest): BatchCounts {
  const counts = { lines: 0, bytes: 0, stored: 0, quarantined: 0, refused: 0 };
  for (const { from, to, lines, stored, quarantined, refused } of sources) {
    counts.bytes += to - from;
    counts.lines += lines;
    counts.stored += stored;
    for (const [, , , runLines] of quarantined) counts.quarantined += runLines;
    for (const [, , runLines] of refused) counts.refused += runLines;
  }
  return counts;
}
