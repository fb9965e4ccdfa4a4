import { type ByteSink, ensureRoom, putByte, putVarint, putZigzag } from "./byte-sink.ts";

/** What the Java and the Rust implementations write: 128 deltas a block, in four miniblocks of 32. */
const BLOCK = 128;
const MINIBLOCKS = 4;
const MINIBLOCK = BLOCK / MINIBLOCKS;

/**
 * The furthest from zero that a value may be: the difference of two, and of two such differences, then stay
 * exact in a double.
 */
export const DELTA_MAGNITUDE_MAX = 2 ** 50;

/**
 * Puts integers as differences of neighbours, bit-packed: small where values are near each other, as times and
 * offsets are. Source: Apache Parquet, "Encodings", Delta Encoding (DELTA_BINARY_PACKED = 5).
 */
export function putDeltas(sink: ByteSink, values: Float64Array): void {
  putVarint(sink, BLOCK);
  putVarint(sink, MINIBLOCKS);
  putVarint(sink, values.length);
  putZigzag(sink, values[0] ?? 0);
  const deltas = new Float64Array(BLOCK);
  for (let start = 1; start < values.length; start += BLOCK) {
    const count = Math.min(BLOCK, values.length - start);
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      const delta = (values[start + i] as number) - (values[start + i - 1] as number);
      deltas[i] = delta;
      if (delta < least) least = delta;
    }
    for (let i = 0; i < count; i++) deltas[i] = (deltas[i] as number) - least;
    deltas.fill(0, count);
    putZigzag(sink, least);
    putBlock(sink, deltas);
  }
}

/** What the last block lacks is zeros, which take no bits. */
function putBlock(sink: ByteSink, deltas: Float64Array): void {
  const widths = [0, 0, 0, 0];
  for (let miniblock = 0; miniblock < MINIBLOCKS; miniblock++) {
    let greatest = 0;
    const end = (miniblock + 1) * MINIBLOCK;
    for (let i = end - MINIBLOCK; i < end; i++)
      if ((deltas[i] as number) > greatest) greatest = deltas[i] as number;
    widths[miniblock] = bitsOf(greatest);
    putByte(sink, bitsOf(greatest));
  }
  for (let miniblock = 0; miniblock < MINIBLOCKS; miniblock++) {
    putMiniblock(sink, deltas, miniblock * MINIBLOCK, widths[miniblock] as number);
  }
}

function bitsOf(value: number): number {
  return value < 0x1_0000_0000 ? 32 - Math.clz32(value) : 64 - Math.clz32(value / 0x1_0000_0000);
}

function putMiniblock(sink: ByteSink, deltas: Float64Array, start: number, width: number): void {
  ensureRoom(sink, (MINIBLOCK * width) / 8);
  const { bytes } = sink;
  let { length } = sink;
  let buffer = 0;
  let bits = 0;
  for (let i = start; i < start + MINIBLOCK; i++) {
    let rest = deltas[i] as number;
    // At most 24 bits at a time, which with the up to 7 that wait still fit the 32 of a bitwise operation.
    for (let left = width; left > 0; left -= 24) {
      buffer |= (rest % 0x100_0000) << bits;
      bits += Math.min(left, 24);
      rest = Math.floor(rest / 0x100_0000);
      while (bits >= 8) {
        bytes[length++] = buffer;
        buffer >>>= 8;
        bits -= 8;
      }
    }
  }
  sink.length = length;
}
