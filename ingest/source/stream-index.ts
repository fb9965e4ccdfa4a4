import type { Manifest } from "../../src/ledger/manifest.ts";
import { sha256Hex } from "../../src/sha256.ts";

/** Consecutive bytes of a stream that are stored, and their hash: see `createPieceHash`. */
export interface Piece {
  readonly from: number;
  readonly to: number;
  readonly sha256: string;
}

/** A stream of which something is stored or about to be. */
export interface KnownStream {
  readonly id: string;
  readonly head: string;
  /** In ascending order. */
  readonly pieces: Piece[];
}

/**
 * The streams of one node, by what they begin with. The fingerprint of the head only finds candidates: many
 * logs may begin with the same line. Whether a file is one of them, the hashes of its pieces decide.
 */
export interface StreamIndex {
  readonly node: string;
  /** Keys the hashes of heads and pieces. */
  readonly secret: Uint8Array;
  readonly byHead: Map<string, KnownStream[]>;
}

export function createStreamIndex(node: string, secret: Uint8Array): StreamIndex {
  return { node, secret, byHead: new Map() };
}

/** Adds what a committed batch took. */
export function addManifest(index: StreamIndex, manifest: Manifest): void {
  for (const source of manifest.sources) {
    const stream = streamOf(index, source.head, source.stream);
    let from = source.from;
    for (const [to, sha256] of source.pieces) {
      addPiece(stream, { from, to, sha256 });
      from = to;
    }
  }
}

/** The streams that begin like this. */
export function candidatesOf(index: StreamIndex, head: string): readonly KnownStream[] {
  return index.byHead.get(head) ?? [];
}

/** A new stream: another one than all that are known to begin like this. */
export function addStream(index: StreamIndex, head: string): KnownStream {
  const ordinal = candidatesOf(index, head).length;
  return streamOf(
    index,
    head,
    sha256Hex(`hostlog stream\n${index.node}\n${head}\n${ordinal}\n`).slice(0, 32),
  );
}

/** Keeps the pieces in order; they come in order but for gaps that are filled later. */
export function addPiece(stream: KnownStream, piece: Piece): void {
  const { pieces } = stream;
  let at = pieces.length;
  while (at > 0 && (pieces[at - 1] as Piece).from > piece.from) at--;
  pieces.splice(at, 0, piece);
}

function streamOf(index: StreamIndex, head: string, id: string): KnownStream {
  const known = index.byHead.get(head) ?? [];
  const found = known.find((stream) => stream.id === id);
  if (found !== undefined) return found;
  const stream: KnownStream = { id, head, pieces: [] };
  known.push(stream);
  index.byHead.set(head, known);
  return stream;
}
