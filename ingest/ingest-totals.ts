import type { BatchRecord } from "../src/ledger/record.ts";
import type { SourceRange } from "./batch/batch-builder.ts";
import type { IngestAccount } from "./ingest-account.ts";

/** What a run has committed so far. */
export interface IngestTotals {
  batches: number;
  lines: number;
  stored: number;
  refused: number;
  bytes: number;
  readonly quarantined: Map<string, number>;
  readonly objects: Map<string, { objects: number; bytes: number }>;
  /** Lines of batches that are cut, committed or not: for the progress bar. */
  cutLines: number;
}

export function createIngestTotals(): IngestTotals {
  return {
    batches: 0,
    lines: 0,
    stored: 0,
    refused: 0,
    bytes: 0,
    quarantined: new Map(),
    objects: new Map(),
    cutLines: 0,
  };
}

/** Adds a batch that is being cut: what its ranges say. */
export function addCut(totals: IngestTotals, ranges: readonly SourceRange[]): void {
  for (const range of ranges) {
    totals.cutLines += range.lines;
    for (const [, , reason, lines] of range.quarantined) {
      totals.quarantined.set(reason, (totals.quarantined.get(reason) ?? 0) + lines);
    }
  }
}

/** Adds a batch that is committed. */
export function addCommitted(totals: IngestTotals, { counts, objects }: BatchRecord): void {
  totals.batches++;
  totals.lines += counts.lines;
  totals.stored += counts.stored;
  totals.refused += counts.refused;
  totals.bytes += counts.bytes;
  for (const { view, sizeBytes } of objects) {
    const sum = totals.objects.get(view) ?? { objects: 0, bytes: 0 };
    totals.objects.set(view, { objects: sum.objects + 1, bytes: sum.bytes + sizeBytes });
  }
}

/** The totals as the account gives them, the most frequent reason first. */
export function sumOf(
  totals: IngestTotals,
): Pick<IngestAccount, "batches" | "lines" | "stored" | "quarantined" | "refused" | "bytes" | "objects"> {
  const { batches, lines, stored, refused, bytes, quarantined, objects } = totals;
  return {
    batches,
    lines,
    stored,
    quarantined: Object.fromEntries([...quarantined].sort(([, a], [, b]) => b - a)),
    refused,
    bytes,
    objects: Object.fromEntries(objects),
  };
}
