import type { Transform } from "node:stream";
import zlib from "node:zlib";
import { Decompress } from "fzstd";
import unbzip2Stream from "unbzip2-stream";

export type Compression = "gzip" | "bzip2" | "zstd";

/** Compressed data is cut off or damaged. What was good before that has been read. */
export class DamagedLogError extends Error {
  override readonly name = "DamagedLogError";
}

/**
 * How much is given to a decoder at once; what comes out is handed on before the next portion goes in. So a
 * small file that unpacks to terabytes costs little memory: deflate makes at most 1,032 bytes of one, a zstd
 * block of 4 bytes can stand for 128 KiB.
 */
const INPUT_BYTES: Readonly<Record<Compression, number>> = { gzip: 16 * 1024, bzip2: 16 * 1024, zstd: 512 };

/**
 * What a file is compressed with, by its first bytes; its name says nothing certain. Throws for what cannot be
 * unpacked here.
 */
export function compressionOf(magic: Uint8Array): Compression | "none" {
  const isAt = (...bytes: readonly number[]): boolean => bytes.every((byte, index) => magic[index] === byte);
  if (isAt(0x1f, 0x8b)) return "gzip";
  if (isAt(0x42, 0x5a, 0x68)) return "bzip2";
  if (isAt(0x28, 0xb5, 0x2f, 0xfd)) return "zstd";
  if (isAt(0xfd, 0x37, 0x7a, 0x58, 0x5a)) throw new Error("it is compressed with xz; unpack it and pass it as -");
  if (isAt(0x50, 0x4b, 0x03, 0x04)) throw new Error("it is a zip archive; unpack it first");
  return "none";
}

/**
 * Unpacks a file's chunks. All good bytes before a damaged place are yielded, then it throws a
 * {@link DamagedLogError}.
 */
export async function* decompress(
  compression: Compression,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const decoder = createDecoder(compression);
  const portionBytes = INPUT_BYTES[compression];
  try {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += portionBytes) {
        // The reader uses its buffer again, and a decoder may hold on to what it was given.
        yield* decoder.push(Buffer.from(chunk.subarray(at, at + portionBytes)));
      }
    }
    yield* decoder.finish();
  } finally {
    decoder.close();
  }
}

/** One step at a time: a portion in, everything that follows from it out. */
interface Decoder {
  push(portion: Uint8Array): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  finish(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  close(): void;
}

function createDecoder(compression: Compression): Decoder {
  if (compression === "gzip") return zlibDecoder(compression, zlib.createGunzip({ chunkSize: 256 * 1024 }));
  if (compression === "bzip2") return bzip2Decoder();
  return "createZstdDecompress" in zlib
    ? zlibDecoder(compression, (zlib.createZstdDecompress as () => Transform)())
    : zstdDecoder();
}

function zlibDecoder(compression: Compression, stream: Transform): Decoder {
  const unpacked: Uint8Array[] = [];
  let failure: unknown;
  stream.on("data", (chunk: Uint8Array) => unpacked.push(chunk));
  stream.on("error", (error) => {
    failure = error;
  });
  // A damaged stream closes without saying what became of the portion.
  const closed = new Promise<void>((resolve) => stream.once("close", resolve));
  // What came out before the damage is handed on first.
  function* drain(): Generator<Uint8Array> {
    yield* unpacked.splice(0);
    if (failure !== undefined) throw damaged(compression, failure);
  }
  return {
    async *push(portion) {
      await Promise.race([closed, new Promise<void>((resolve) => stream.write(portion, () => resolve()))]);
      yield* drain();
    },
    async *finish() {
      stream.end();
      await closed;
      yield* drain();
    },
    close: () => void stream.destroy(),
  };
}

/** The bzip2 package's stream does all its work inside `write` and `end`. */
function bzip2Decoder(): Decoder {
  const unpacked: Uint8Array[] = [];
  let failure: unknown;
  const stream = unbzip2Stream();
  stream.on("data", (chunk: Uint8Array) => unpacked.push(chunk));
  stream.on("error", (error: unknown) => {
    failure = error;
  });
  function* step(act: () => void): Generator<Uint8Array> {
    act();
    yield* unpacked.splice(0);
    if (failure !== undefined) throw damaged("bzip2", failure);
  }
  return {
    push: (portion) => step(() => void stream.write(portion)),
    finish: () => step(() => void stream.end()),
    close: () => undefined,
  };
}

function zstdDecoder(): Decoder {
  const unpacked: Uint8Array[] = [];
  const decoder = new Decompress((chunk) => {
    if (chunk.length > 0) unpacked.push(chunk);
  });
  function* step(portion: Uint8Array, isLast: boolean): Generator<Uint8Array> {
    let failure: unknown;
    try {
      decoder.push(portion, isLast);
    } catch (error) {
      failure = error;
    }
    yield* unpacked.splice(0);
    if (failure !== undefined) throw damaged("zstd", failure);
  }
  return {
    push: (portion) => step(portion, false),
    finish: () => step(new Uint8Array(0), true),
    close: () => undefined,
  };
}

function damaged(compression: Compression, cause: unknown): DamagedLogError {
  return new DamagedLogError(`its ${compression} data is cut off or damaged`, { cause });
}
