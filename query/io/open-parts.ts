import { FOOTER_TAIL_BYTES, footerRange, readFooter } from "../../src/parquet/read-footer.ts";
import { CHUNK_BYTES, chunksFor } from "../../src/seal/sealed-layout.ts";
import { planParts } from "../plan-parts.ts";
import { planRuns } from "../plan-runs.ts";
import type { Question } from "../question.ts";
import { type ChunkSpan, openRun, type PlainChunk, spanRange } from "../sealed-run.ts";
import type { Opening, SealedSource } from "./sealed-source.ts";

/** What is to be opened of an object, and what was opened to know that. */
export interface ObjectParts {
  readonly spans: readonly ChunkSpan[];
  /** The end of the object, plain. */
  readonly held: readonly PlainChunk[];
  /** In the place of the object's own footer it names the parts and nothing else. */
  readonly footer: Uint8Array;
  readonly footerStart: number;
  /** Read in the store so far. */
  readonly readBytes: number;
}

/** Who needs more of an object than this gets it whole. */
const SHARE_MAX = 0.7;

/** Holds the footer of ten row groups. */
const FOOTER_BYTES_LIKELY = 24 * 1024;

/**
 * Opens an object's end, which shows that nothing was cut off, and tells by the footer there what the question
 * needs. Undefined where the object is better opened whole. Throws SealBrokenError.
 */
export async function openParts(source: SealedSource, opening: Opening): Promise<ObjectParts | undefined> {
  const { layout, start } = opening;
  if (layout.sealedSizeBytes <= Math.max(start.length, source.partsAboveBytes)) return undefined;
  if (!namesSites(source.question)) return undefined;
  const lastChunk = layout.chunks - 1;
  const likely = {
    start: Math.max(0, layout.plainSizeBytes - FOOTER_BYTES_LIKELY),
    end: layout.plainSizeBytes,
  };
  let end = await openSpan(source, opening, { first: chunksFor(layout, likely).first, last: lastChunk });
  const place = footerRange(end.plain.subarray(-FOOTER_TAIL_BYTES), layout.plainSizeBytes);
  if (place === undefined) return undefined;
  let readBytes = end.readBytes;
  if (place.start < end.at) {
    end = await openSpan(source, opening, { first: chunksFor(layout, place).first, last: lastChunk });
    readBytes += end.readBytes;
  }
  const footer = readFooter(end.plain.subarray(place.start - end.at, place.end - end.at), place.start);
  if (footer === undefined) return undefined;
  const plan = planParts(source.question, footer);
  const isHeld = (chunk: number): boolean => chunk >= end.first;
  const spans = planRuns(
    plan.ranges.map((range) => chunksFor(layout, range)),
    isHeld,
    layout.chunks,
  );
  const bytes = spans.reduce((sum, { first, last }) => sum + (last - first + 1) * CHUNK_BYTES, readBytes);
  if (bytes > layout.plainSizeBytes * SHARE_MAX) return undefined;
  const held = [{ at: end.at, plain: end.plain.subarray(0, place.start - end.at) }];
  return { spans, held, footer: plan.footer, footerStart: place.start, readBytes };
}

/**
 * Rows are sorted by site, so this is what bounds of row groups tell. Of a question that names none about as much is
 * needed as there is (docs/decisions/0009-partial-reading.md).
 */
function namesSites({ domains }: Question): boolean {
  return domains.length > 0 && domains.every(({ kind }) => kind === "site");
}

interface OpenedSpan {
  readonly first: number;
  /** Where it begins in the plain object. */
  readonly at: number;
  readonly plain: Uint8Array;
  readonly readBytes: number;
}

async function openSpan(
  { store }: SealedSource,
  { object, layout, sealed }: Opening,
  span: ChunkSpan,
): Promise<OpenedSpan> {
  const bytes = await store.read(object.key, spanRange(layout, span));
  const at = span.first * CHUNK_BYTES;
  const plain = new Uint8Array(Math.min((span.last + 1) * CHUNK_BYTES, layout.plainSizeBytes) - at);
  for (const chunk of openRun({ ...sealed, firstChunk: span.first, bytes }))
    plain.set(chunk.plain, chunk.at - at);
  return { first: span.first, at, plain, readBytes: bytes.length };
}
