import { createHash, type Hash } from "node:crypto";
import type { KnownStream, Piece } from "./stream-index.ts";

/** Bytes of a stream, `to` not included. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** A file compared with the streams that begin like it: fed from its first byte on, in order. */
export interface StreamMatcher {
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

export function createStreamMatcher(streams: readonly KnownStream[]): StreamMatcher {
  return {
    candidates: streams.map((stream) => ({
      stream,
      next: 0,
      hash: createHash("sha256"),
      hashed: 0,
      matchedBytes: 0,
      isContradicted: false,
    })),
  };
}

/** Feeds the bytes at `offset`. Returns false once no candidate is left and the rest need not be read. */
export function feedMatcher({ candidates }: StreamMatcher, chunk: Uint8Array, offset: number): boolean {
  let isOpen = false;
  for (const candidate of candidates) {
    if (!candidate.isContradicted) feedCandidate(candidate, chunk, offset);
    isOpen ||= !candidate.isContradicted && candidate.next < candidate.stream.pieces.length;
  }
  return isOpen;
}

/**
 * The stream that the file is: none of its stored pieces contradicts the file, and at least one is in it. Of
 * several the one that explains most.
 */
export function matchedStream({ candidates }: StreamMatcher): KnownStream | undefined {
  let best: Candidate | undefined;
  for (const candidate of candidates) {
    if (candidate.isContradicted || candidate.matchedBytes === 0) continue;
    if (best === undefined || candidate.matchedBytes > best.matchedBytes) best = candidate;
  }
  return best?.stream;
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

function feedCandidate(candidate: Candidate, chunk: Uint8Array, offset: number): void {
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
    comparePiece(candidate, piece);
    if (candidate.isContradicted) return;
  }
}

function comparePiece(candidate: Candidate, piece: Piece): void {
  if (candidate.hash.digest("hex") === piece.sha256) candidate.matchedBytes += piece.to - piece.from;
  else candidate.isContradicted = true;
  candidate.hash = createHash("sha256");
  candidate.hashed = 0;
  candidate.next++;
}
