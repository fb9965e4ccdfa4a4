import type { Hash } from "node:crypto";
import { createPieceHash } from "./piece-hash.ts";
import type { KnownStream, Piece } from "./stream-index.ts";

/** Bytes of a stream, `to` not included. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** A file compared with the streams that begin like it: fed from its first byte on, in order. */
export interface StreamMatcher {
  readonly secret: Uint8Array;
  readonly candidates: Candidate[];
}

interface Candidate {
  readonly stream: KnownStream;
  next: number;
  hash: Hash;
  hashed: number;
  matchedBytes: number;
  isContradicted: boolean;
}

export function createStreamMatcher(streams: readonly KnownStream[], secret: Uint8Array): StreamMatcher {
  return {
    secret,
    candidates: streams.map((stream) => ({
      stream,
      next: 0,
      hash: createPieceHash(secret),
      hashed: 0,
      matchedBytes: 0,
      isContradicted: false,
    })),
  };
}

/** Feeds the bytes at `offset`. Returns false once no candidate is left and the rest need not be read. */
export function feedMatcher(
  { candidates, secret }: StreamMatcher,
  chunk: Uint8Array,
  offset: number,
): boolean {
  let isOpen = false;
  for (const candidate of candidates) {
    if (!candidate.isContradicted) feedCandidate(candidate, secret, chunk, offset);
    isOpen ||= !candidate.isContradicted && candidate.next < candidate.stream.pieces.length;
  }
  return isOpen;
}

/**
 * A file may end inside a stored piece, as an older copy does. What is in that piece cannot be compared, and is
 * believed only if so much before it was equal: one line alone may begin many logs.
 */
const PROOF_BYTES = 2048;

/**
 * The stream that the file is: none of its stored pieces contradicts the file, and at least one is in it. Of
 * several the one that explains most.
 */
export function matchedStream(matcher: StreamMatcher): KnownStream | undefined {
  return bestCandidate(matcher)?.stream;
}

/** How many bytes at the file's end lie inside a piece of the matched stream, so that they were not compared. */
export function uncomparedBytes(matcher: StreamMatcher): number {
  return bestCandidate(matcher)?.hashed ?? 0;
}

function bestCandidate({ candidates }: StreamMatcher): Candidate | undefined {
  let best: Candidate | undefined;
  for (const candidate of candidates) {
    if (candidate.isContradicted || candidate.matchedBytes === 0) continue;
    if (candidate.hashed > 0 && candidate.matchedBytes < PROOF_BYTES) continue;
    if (best === undefined || candidate.matchedBytes > best.matchedBytes) best = candidate;
  }
  return best;
}

/**
 * The streams whose first piece can be the beginning of the file, of which `sample` is the head. Thousands of
 * logs may begin with the same line, and the whole file is compared with those only that this leaves.
 */
export function plausibleStreams(
  streams: readonly KnownStream[],
  sample: Uint8Array,
  secret: Uint8Array,
): readonly KnownStream[] {
  const ends = new Set(streams.flatMap(({ pieces: [first] }) => (first?.from === 0 ? [first.to] : [])));
  const hash = createPieceHash(secret);
  const hashes = new Map<number, string>();
  let at = 0;
  for (const end of [...ends].sort((a, b) => a - b)) {
    if (end > sample.length) break;
    hashes.set(end, hash.update(sample.subarray(at, end)).copy().digest("hex"));
    at = end;
  }
  return streams.filter(({ pieces: [first] }) => {
    const found = first?.from === 0 ? hashes.get(first.to) : undefined;
    return found === undefined || found === first?.sha256;
  });
}

/** What of the first `length` bytes no piece covers, in order. */
export function uncoveredRanges(pieces: readonly Piece[], length: number): readonly Range[] {
  const ranges: Range[] = [];
  let at = 0;
  for (const piece of pieces) {
    if (piece.from >= length) break;
    if (piece.from > at) ranges.push({ from: at, to: piece.from });
    at = Math.max(at, piece.to);
  }
  if (at < length) ranges.push({ from: at, to: length });
  return ranges;
}

function feedCandidate(candidate: Candidate, secret: Uint8Array, chunk: Uint8Array, offset: number): void {
  const { pieces } = candidate.stream;
  const end = offset + chunk.length;
  let at = offset;
  while (at < end && candidate.next < pieces.length) {
    const piece = pieces[candidate.next] as Piece;
    if (piece.from < at && candidate.hashed === 0) {
      // It overlaps one that was compared already.
      candidate.next++;
      continue;
    }
    if (piece.from >= end) return;
    at = Math.max(at, piece.from);
    const stop = Math.min(end, piece.to);
    candidate.hash.update(chunk.subarray(at - offset, stop - offset));
    candidate.hashed += stop - at;
    at = stop;
    if (stop < piece.to) return;
    comparePiece(candidate, secret, piece);
    if (candidate.isContradicted) return;
  }
}

function comparePiece(candidate: Candidate, secret: Uint8Array, piece: Piece): void {
  if (candidate.hash.digest("hex") === piece.sha256) candidate.matchedBytes += piece.to - piece.from;
  else candidate.isContradicted = true;
  candidate.hash = createPieceHash(secret);
  candidate.hashed = 0;
  candidate.next++;
}
