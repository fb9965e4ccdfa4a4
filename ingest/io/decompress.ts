import zlib from "node:zlib";
import { createBzip2Decoder } from "./bzip2-decoder.ts";
import { DamagedLogError } from "./damaged-log-error.ts";
import type { Decoder } from "./decoder.ts";
import { skipTo } from "./skip-to.ts";
import { createZlibDecoder } from "./zlib-decoder.ts";
import { createZstdDecoder } from "./zstd-decoder.ts";

export type Compression = "gzip" | "bzip2" | "zstd";

/**
 * How much is given to a decoder at once; what comes out is handed on before the next portion goes in. So a
 * small file that unpacks to terabytes costs little memory: deflate makes at most 1,032 bytes of one, a zstd
 * block of 4 bytes can stand for 128 KiB, and of bzip2 each block is given in parts.
 */
const PORTION_BYTES: Readonly<Record<Compression, number>> = { gzip: 16 * 1024, bzip2: 16 * 1024, zstd: 512 };

/**
 * What a file is compressed with, by its first bytes; its name says nothing certain. Throws for what cannot be
 * unpacked here.
 */
export function compressionOf(magic: Uint8Array): Compression | "none" {
  const isAt = (...bytes: readonly number[]): boolean => bytes.every((byte, index) => magic[index] === byte);
  if (isAt(0x1f, 0x8b)) return "gzip";
  if (isAt(0x42, 0x5a, 0x68)) return "bzip2";
  if (isAt(0x28, 0xb5, 0x2f, 0xfd)) return "zstd";
  if (isAt(0xfd, 0x37, 0x7a, 0x58, 0x5a))
    throw new Error("it is compressed with xz; unpack it and pass it as -");
  if (isAt(0x50, 0x4b, 0x03, 0x04)) throw new Error("it is a zip archive; unpack it first");
  return "none";
}

/**
 * Unpacks a file's chunks, which `open` gives from its first byte on each time it is called. All good bytes
 * before a damaged place are yielded, then it throws a {@link DamagedLogError}.
 */
export async function* decompress(
  compression: Compression,
  open: () => AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let givenBytes = 0;
  const reading: Reading = { portionAt: 0, isPushing: false };
  try {
    for await (const chunk of unpack(compression, open(), Number.POSITIVE_INFINITY, reading)) {
      givenBytes += chunk.length;
      yield chunk;
    }
  } catch (error) {
    // Node's decoders drop what came out of the portion in which they fail: that one is fed again byte by byte.
    if (!(error instanceof DamagedLogError) || !reading.isPushing) throw error;
    yield* skipTo(
      givenBytes,
      unpack(compression, open(), reading.portionAt, { portionAt: 0, isPushing: false }),
    );
  }
}

interface Reading {
  /** Where the portion at hand begins in the file. */
  portionAt: number;
  isPushing: boolean;
}

async function* unpack(
  compression: Compression,
  chunks: AsyncIterable<Uint8Array>,
  byteByByteFrom: number,
  reading: Reading,
): AsyncGenerator<Uint8Array> {
  const decoder = createDecoder(compression);
  try {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; ) {
        const ahead = byteByByteFrom - reading.portionAt;
        const portionBytes = ahead <= 0 ? 1 : Math.min(ahead, PORTION_BYTES[compression]);
        // The reader uses its buffer again, and a decoder may hold on to what it was given.
        const portion = Buffer.from(chunk.subarray(at, at + portionBytes));
        reading.isPushing = true;
        yield* decoder.push(portion);
        reading.isPushing = false;
        at += portion.length;
        reading.portionAt += portion.length;
      }
    }
    yield* decoder.finish();
  } finally {
    decoder.close();
  }
}

function createDecoder(compression: Compression): Decoder {
  switch (compression) {
    case "gzip":
      return createZlibDecoder(zlib.createGunzip({ chunkSize: 256 * 1024 }));
    case "bzip2":
      return createBzip2Decoder();
    case "zstd":
      return createZstdDecoder();
  }
}
