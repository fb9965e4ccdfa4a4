import type { ManifestSource } from "./manifest.ts";

/** What is known of one stream after all its manifests: which of its bytes were taken, and what became of them. */
export interface StreamCoverage {
  readonly stream: string;
  /** The names its file had, in the order they were met. */
  readonly names: readonly string[];
  /** Where the last range ends. */
  readonly toByte: number;
  readonly coveredBytes: number;
  readonly lines: number;
  readonly stored: number;
  readonly quarantined: Readonly<Record<string, number>>;
  readonly refused: number;
  /** Bytes between ranges that no batch took. */
  readonly gaps: readonly ByteSpan[];
  /** Bytes that more than one batch took. */
  readonly overlaps: readonly ByteSpan[];
  /** What is quarantined or refused, where: runs of lines. */
  readonly quarantinedSpans: readonly ByteSpan[];
  readonly refusedSpans: readonly ByteSpan[];
}

/** Bytes of a stream, `to` not included. */
export interface ByteSpan {
  readonly from: number;
  readonly to: number;
}

/** Adds up the parts of one stream. `sources` are all of that stream, in any order, at least one. */
export function coverStream(sources: readonly ManifestSource[]): StreamCoverage {
  const ordered = [...sources].sort((a, b) => a.from - b.from || a.to - b.to);
  const gaps: ByteSpan[] = [];
  const overlaps: ByteSpan[] = [];
  const quarantined: Record<string, number> = {};
  let at = 0;
  let coveredBytes = 0;
  for (const { from, to, quarantined: runs } of ordered) {
    if (from > at) gaps.push({ from: at, to: from });
    if (from < at) overlaps.push({ from, to: Math.min(at, to) });
    coveredBytes += Math.max(0, to - Math.max(at, from));
    at = Math.max(at, to);
    for (const [, , reason, lines] of runs) quarantined[reason] = (quarantined[reason] ?? 0) + lines;
  }
  const sum = (pick: (source: ManifestSource) => number): number =>
    ordered.reduce((total, source) => total + pick(source), 0);
  return {
    stream: ordered[0]?.stream ?? "",
    names: [...new Set(sources.map(({ name }) => name))],
    toByte: at,
    coveredBytes,
    lines: sum(({ lines }) => lines),
    stored: sum(({ stored }) => stored),
    quarantined,
    refused: sum(({ refused }) => refused.reduce((total, [, , lines]) => total + lines, 0)),
    gaps,
    overlaps,
    quarantinedSpans: ordered.flatMap(({ quarantined: runs }) => runs.map(([from, to]) => ({ from, to }))),
    refusedSpans: ordered.flatMap(({ refused: runs }) => runs.map(([from, to]) => ({ from, to }))),
  };
}

/** True when every line that was read is accounted for: `lines = stored + quarantined + refused`. */
export function addsUp({ lines, stored, quarantined, refused }: StreamCoverage): boolean {
  const quarantinedLines = Object.values(quarantined).reduce((total, count) => total + count, 0);
  return lines === stored + quarantinedLines + refused;
}
