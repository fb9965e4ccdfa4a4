import { createChunkOpener } from "../src/seal/chunk-opener.ts";
import { SealBrokenError } from "../src/seal/seal-broken-error.ts";
import { CHUNK_BYTES, chunkRange, type SealedLayout, sealedLayout } from "../src/seal/sealed-layout.ts";
import type { ByteRange } from "../src/store/object-store.ts";

/** What it takes to open chunks of one sealed object. It can be sent to a worker. */
export interface SealedObject {
  readonly sealedSizeBytes: number;
  readonly headerSizeBytes: number;
  /** 16 bytes. */
  readonly fileKey: Uint8Array;
  /** The 16 bytes behind the header. */
  readonly nonce: Uint8Array;
}

/** Chunks that follow each other, sealed. */
export interface SealedRun extends SealedObject {
  readonly firstChunk: number;
  /** Whole chunks and nothing else. */
  readonly bytes: Uint8Array;
}

/** Chunks of a sealed object, both included. */
export interface ChunkSpan {
  readonly first: number;
  readonly last: number;
}

export interface PlainChunk {
  /** Where it belongs in the plain object. */
  readonly at: number;
  readonly plain: Uint8Array;
}

/**
 * The plain chunks of a run, one after the other; each is cleared when the next is asked for. Throws
 * {@link SealBrokenError} at the first that does not open.
 */
export function* openRun(run: SealedRun): Generator<PlainChunk, void, undefined> {
  const layout = sealedLayout(run.sealedSizeBytes, run.headerSizeBytes);
  if (layout === undefined) throw new SealBrokenError("the sealed object was cut off");
  const opener = createChunkOpener(layout, run.fileKey, run.nonce);
  try {
    for (let index = run.firstChunk, at = 0; at < run.bytes.length; index++) {
      const { start, end } = chunkRange(layout, index);
      const plain = opener.open(index, run.bytes.subarray(at, at + (end - start)));
      yield { at: index * CHUNK_BYTES, plain };
      plain.fill(0);
      at += end - start;
    }
  } finally {
    opener.close();
  }
}

/** Where a span of chunks lies in the sealed object. */
export function spanRange(layout: SealedLayout, { first, last }: ChunkSpan): ByteRange {
  return { start: chunkRange(layout, first).start, end: chunkRange(layout, last).end };
}
