import type { ManifestSource } from "../../src/ledger/manifest.ts";
import type { KnownStream } from "../source/stream-index.ts";
import { clearDomainTable, createDomainTable, type DomainTable } from "./domain-table.ts";
import { createLineBatch, type LineBatch, type PackedBatch, packBatch } from "./line-batch.ts";

/** A batch while it is being filled: its columns, and what it took from where. */
export interface BatchBuilder {
  readonly limits: BatchLimits;
  readonly batch: LineBatch;
  readonly domains: DomainTable;
  readonly ranges: SourceRange[];
}

export interface BatchLimits {
  readonly rows: number;
  readonly bytes: number;
}

/** What a batch took from one stream, and what became of it. */
export interface SourceRange {
  readonly index: number;
  readonly stream: KnownStream;
  readonly name: string;
  readonly format: string;
  readonly from: number;
  /** Where the last whole line ends. */
  to: number;
  readonly pieces: (readonly [to: number, sha256: string])[];
  lines: number;
  stored: number;
  quarantinedLines: number;
  refusedLines: number;
  readonly quarantined: [from: number, to: number, reason: string, lines: number][];
  readonly refused: [from: number, to: number, lines: number][];
  endsUnterminated: boolean;
}

/** A full batch, taken out of the builder. */
export interface FilledBatch {
  readonly packed: PackedBatch;
  readonly domains: readonly string[];
  /** Class index of each domain. */
  readonly classes: Uint8Array;
  /** Stream ids by source code. */
  readonly sources: readonly string[];
  readonly manifestSources: readonly ManifestSource[];
}

/**
 * The shortest line that any format reads: a digit, as the seconds of a format that holds nothing else, and its
 * newline. A chunk is appended whole before the batch is looked at again, so there has to be room for one beyond
 * the limit; a row beyond the room would be lost without a word.
 */
const LINE_BYTES_MIN = 2;

export function createBatchBuilder(
  limits: BatchLimits,
  chunkBytesMax: number,
  classOf: (domain: string) => number,
): BatchBuilder {
  return {
    limits,
    batch: createLineBatch(limits.rows + Math.ceil(chunkBytesMax / LINE_BYTES_MIN)),
    domains: createDomainTable(classOf),
    ranges: [],
  };
}

export function openRange(
  builder: BatchBuilder,
  stream: KnownStream,
  source: { readonly name: string; readonly format: string },
  from: number,
): SourceRange {
  const range: SourceRange = {
    index: builder.ranges.length,
    stream,
    name: source.name,
    format: source.format,
    from,
    to: from,
    pieces: [],
    lines: 0,
    stored: 0,
    quarantinedLines: 0,
    refusedLines: 0,
    quarantined: [],
    refused: [],
    endsUnterminated: false,
  };
  builder.ranges.push(range);
  return range;
}

/** Notes a line for quarantine; neighbours with the same reason become one run. */
export function noteQuarantined(range: SourceRange, from: number, to: number, reason: string): void {
  range.quarantinedLines++;
  const last = range.quarantined.at(-1);
  if (last !== undefined && last[1] === from && last[2] === reason) {
    last[1] = to;
    last[3]++;
  } else range.quarantined.push([from, to, reason, 1]);
}

/** Notes a line past its term. */
export function noteRefused(range: SourceRange, from: number, to: number): void {
  range.refusedLines++;
  const last = range.refused.at(-1);
  if (last !== undefined && last[1] === from) {
    last[1] = to;
    last[2]++;
  } else range.refused.push([from, to, 1]);
}

export function isFull({ batch, limits }: BatchBuilder): boolean {
  return batch.rows + batch.quarantine.rows >= limits.rows || batch.lineBytes >= limits.bytes;
}

/** Takes the batch out and leaves the builder empty; undefined when no line was read. Open ranges end here. */
export function takeBatch(builder: BatchBuilder): FilledBatch | undefined {
  const { batch, domains, ranges } = builder;
  const taken = ranges.filter(({ from, to }) => to > from);
  const filled: FilledBatch = {
    domains: domains.names.slice(),
    classes: Uint8Array.from(domains.classes),
    sources: ranges.map(({ stream }) => stream.id),
    packed: packBatch(batch),
    manifestSources: taken.map(manifestSource),
  };
  clearDomainTable(domains);
  ranges.length = 0;
  return taken.length === 0 ? undefined : filled;
}

function manifestSource(range: SourceRange): ManifestSource {
  const { stream, name, format, from, to, pieces, lines, stored, quarantined, refused, endsUnterminated } =
    range;
  return {
    stream: stream.id,
    head: stream.head,
    name,
    format,
    from,
    to,
    pieces,
    lines,
    stored,
    quarantined,
    refused,
    endsUnterminated,
  };
}
