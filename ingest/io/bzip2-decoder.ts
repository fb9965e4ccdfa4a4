import { type BitReader, type Bzip2Block, Bzip2Error, readBits, readBlock } from "./bzip2-block.ts";
import { DamagedLogError } from "./damaged-log-error.ts";
import type { Decoder } from "./decoder.ts";

const BLOCK_BYTES_UNIT = 100_000;

/**
 * No block of a stream of level 1 takes more than this: 100,000 bytes in words of 20 bits, and what stands before
 * them. With less at hand a block may not be whole yet.
 */
const INPUT_BYTES_UNIT = (BLOCK_BYTES_UNIT * 20) / 8 + 32 * 1024;

/** What comes out at once. A block of 900 kB can stand for 46 MB of equal bytes. */
const OUTPUT_BYTES = 256 * 1024;

const BLOCK_MAGIC = [0x314159, 0x265359] as const;
const END_MAGIC = [0x177245, 0x385090] as const;

interface Bzip2Stream {
  readonly bits: BitReader;
  links: Uint32Array;
  /** 1 to 9 within a stream, 0 between two. */
  level: number;
  checksum: number;
}

/**
 * Unpacks bzip2 streams laid end to end, a block at a time. Every block's checksum is compared before a byte of
 * it is given. (The package unbzip2-stream can be made to loop for ever, and unpacks the last 900 kB of input at
 * once, which may be terabytes.)
 */
export function createBzip2Decoder(): Decoder {
  const stream: Bzip2Stream = {
    bits: { bytes: new Uint8Array(64 * 1024), at: 0, end: 0, held: 0, heldBits: 0 },
    links: new Uint32Array(0),
    level: 0,
    checksum: 0,
  };
  function* step(isLast: boolean): Generator<Uint8Array> {
    try {
      while (isEnough(stream, isLast)) yield* readNext(stream);
    } catch (error) {
      if (!(error instanceof Bzip2Error)) throw error;
      throw new DamagedLogError("its compressed data is cut off or damaged", { cause: error });
    }
  }
  return {
    push(portion) {
      addInput(stream.bits, portion);
      return step(false);
    },
    finish: () => step(true),
    close: () => undefined,
  };
}

function isEnough({ bits, level }: Bzip2Stream, isLast: boolean): boolean {
  const inputBytes = bits.end - bits.at;
  if (isLast) return inputBytes > 0 || level !== 0;
  return inputBytes >= (level === 0 ? 4 : level * INPUT_BYTES_UNIT);
}

/** Reads one header, block or end of a stream. */
function* readNext(stream: Bzip2Stream): Generator<Uint8Array> {
  const { bits } = stream;
  if (stream.level === 0) {
    const magic = readBits(bits, 24);
    const level = readBits(bits, 8) - 0x30;
    if (magic !== 0x425a68 || level < 1 || level > 9) throw new Bzip2Error("no header of a stream");
    stream.level = level;
    stream.checksum = 0;
    if (stream.links.length !== level * BLOCK_BYTES_UNIT)
      stream.links = new Uint32Array(level * BLOCK_BYTES_UNIT);
    return;
  }
  const magic = [readBits(bits, 24), readBits(bits, 24)];
  const checksum = ((readBits(bits, 16) << 16) | readBits(bits, 16)) >>> 0;
  if (magic[0] === END_MAGIC[0] && magic[1] === END_MAGIC[1]) {
    if (checksum !== stream.checksum) throw new Bzip2Error("the checksum of the stream is another");
    stream.level = 0;
    bits.heldBits -= bits.heldBits % 8;
    return;
  }
  if (magic[0] !== BLOCK_MAGIC[0] || magic[1] !== BLOCK_MAGIC[1])
    throw new Bzip2Error("no block begins here");
  const block = readBlock(bits, stream.links);
  let found = 0xffff_ffff;
  for (const chunk of undoRuns(block)) found = checksumOf(chunk, found);
  if (~found >>> 0 !== checksum) throw new Bzip2Error("the checksum of a block is another");
  stream.checksum = (((stream.checksum << 1) | (stream.checksum >>> 31)) ^ checksum) >>> 0;
  yield* undoRuns(block);
}

/** Four equal bytes are followed by the number of further ones. A chunk is valid until the next. */
function* undoRuns({ links, size, first }: Bzip2Block): Generator<Uint8Array> {
  const chunk = new Uint8Array(Math.min(OUTPUT_BYTES, size * 64 + 255));
  let length = 0;
  let previous = -1;
  let equalBytes = 0;
  let place = first;
  for (let i = 0; i < size; i++) {
    const link = links[place] as number;
    place = link >>> 8;
    const byte = link & 0xff;
    const isCount = equalBytes === 4;
    equalBytes = isCount ? 0 : byte === previous ? equalBytes + 1 : 1;
    if (length + 255 > chunk.length) {
      yield chunk.subarray(0, length);
      length = 0;
    }
    if (isCount) {
      chunk.fill(previous, length, length + byte);
      length += byte;
    } else chunk[length++] = previous = byte;
  }
  if (length > 0) yield chunk.subarray(0, length);
}

function addInput(bits: BitReader, portion: Uint8Array): void {
  if (bits.end + portion.length > bits.bytes.length) {
    const left = bits.bytes.subarray(bits.at, bits.end);
    // At least half of it stays free, so that what is left is not moved again at every portion.
    if ((left.length + portion.length) * 2 > bits.bytes.length) {
      const grown = new Uint8Array((left.length + portion.length) * 2);
      grown.set(left);
      bits.bytes = grown;
    } else bits.bytes.copyWithin(0, bits.at, bits.end);
    bits.end = left.length;
    bits.at = 0;
  }
  bits.bytes.set(portion, bits.end);
  bits.end += portion.length;
}

const checksumTable = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 24;
  for (let bit = 0; bit < 8; bit++) value = value < 0 ? (value << 1) ^ 0x04c1_1db7 : value << 1;
  return value;
});

/** CRC-32 with the most significant bit first, as bzip2 has it and gzip has not. */
function checksumOf(bytes: Uint8Array, before: number): number {
  let value = before | 0;
  for (const byte of bytes) value = (value << 8) ^ (checksumTable[(value >>> 24) ^ byte] as number);
  return value;
}
