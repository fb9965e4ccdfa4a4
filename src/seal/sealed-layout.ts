import type { ByteRange } from "../store/object-store.ts";

/** Source: C2SP age.md, "Payload". */
export const CHUNK_BYTES = 64 * 1024;
export const TAG_BYTES = 16;
export const NONCE_BYTES = 16;

const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;

/** Where the parts of a sealed object lie: the header, a nonce, then chunks, of which only the last is shorter. */
export interface SealedLayout {
  readonly sealedSizeBytes: number;
  readonly plainSizeBytes: number;
  readonly nonceStart: number;
  readonly payloadStart: number;
  readonly chunks: number;
}

/** Undefined for a size that no sealed object has. */
export function sealedLayout(sealedSizeBytes: number, headerSizeBytes: number): SealedLayout | undefined {
  const payloadStart = headerSizeBytes + NONCE_BYTES;
  const payloadBytes = sealedSizeBytes - payloadStart;
  if (payloadBytes < TAG_BYTES) return undefined;
  const chunks = Math.ceil(payloadBytes / SEALED_CHUNK_BYTES);
  const lastBytes = payloadBytes - (chunks - 1) * SEALED_CHUNK_BYTES;
  // An empty last chunk stands for an empty plaintext only.
  if (lastBytes < TAG_BYTES || (lastBytes === TAG_BYTES && chunks > 1)) return undefined;
  return {
    sealedSizeBytes,
    plainSizeBytes: payloadBytes - chunks * TAG_BYTES,
    nonceStart: headerSizeBytes,
    payloadStart,
    chunks,
  };
}

/** Where a chunk with its tag lies in the sealed object. */
export function chunkRange({ payloadStart, sealedSizeBytes }: SealedLayout, index: number): ByteRange {
  const start = payloadStart + index * SEALED_CHUNK_BYTES;
  return { start, end: Math.min(start + SEALED_CHUNK_BYTES, sealedSizeBytes) };
}

/**
 * The chunks that hold a range of the plain bytes, both included. Throws RangeError for a range that is empty, or
 * not within the object.
 */
export function chunksFor(
  { plainSizeBytes }: SealedLayout,
  { start, end }: ByteRange,
): { readonly first: number; readonly last: number } {
  if (start < 0 || start >= end || end > plainSizeBytes) {
    throw new RangeError(`an object of ${plainSizeBytes} bytes has none from ${start} up to ${end}`);
  }
  return { first: Math.floor(start / CHUNK_BYTES), last: Math.floor((end - 1) / CHUNK_BYTES) };
}

/** What a sealed object takes for so many plain bytes. */
export function sealedSize(plainSizeBytes: number, headerSizeBytes: number): number {
  const chunks = Math.max(1, Math.ceil(plainSizeBytes / CHUNK_BYTES));
  return headerSizeBytes + NONCE_BYTES + plainSizeBytes + chunks * TAG_BYTES;
}
