import { readFileSync } from "node:fs";
import { type Compression, decompress } from "../../../ingest/io/decompress.ts";

/** A file that the tool of that name wrote: `lines.bz2` by bzip2, and so on. */
export function compressedFile(name: string): Buffer {
  return readFileSync(new URL(`../../fixtures/compressed/${name}`, import.meta.url));
}

/** What `lines.bz2` and `lines.zst` hold: more than one block of either. */
export const lines = Buffer.from(Array.from({ length: 16_000 }, (_, i) => `line ${i}\n`).join(""));

/** What `runs.bz2` and `runs.zst` hold: runs of every length at which something changes, and every byte. */
export const runs = Buffer.concat([
  ...[1, 3, 4, 5, 8, 255, 259, 1000].map((length, i) => Buffer.alloc(length, "abcdefgh"[i])),
  Uint8Array.from({ length: 256 }, (_, byte) => byte),
  Buffer.alloc(4, 0),
  Buffer.alloc(260, 255),
]);

export interface Unpacked {
  readonly bytes: Buffer;
  readonly failure: unknown;
}

/** Gathers what comes out, and what went wrong behind it. */
export async function gather(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Unpacked> {
  const parts: Buffer[] = [];
  try {
    for await (const chunk of chunks) parts.push(Buffer.from(chunk));
    return { bytes: Buffer.concat(parts), failure: undefined };
  } catch (failure) {
    return { bytes: Buffer.concat(parts), failure };
  }
}

/** A file's chunks, all in the same buffer, as a reader gives them that uses it again. */
export function chunksOf(file: Uint8Array, chunkBytes = 256 * 1024): () => AsyncIterable<Uint8Array> {
  return async function* () {
    const buffer = Buffer.alloc(chunkBytes);
    for (let at = 0; at < file.length; at += chunkBytes) {
      const chunk = file.subarray(at, at + chunkBytes);
      buffer.fill(0xff);
      buffer.set(chunk);
      yield buffer.subarray(0, chunk.length);
    }
  };
}

export async function unpack(
  compression: Compression,
  file: Uint8Array,
  chunkBytes?: number,
): Promise<Unpacked> {
  return await gather(decompress(compression, chunksOf(file, chunkBytes)));
}
