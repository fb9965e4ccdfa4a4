import { type ByteSink, ensureRoom, putByte, putVarint } from "./byte-sink.ts";

const GROUP = 8;

/**
 * Puts `values[start .. end]`, each below 2^`width`, in Parquet's hybrid of runs and bit-packed groups of eight.
 * `width` is 1 to 24. Source: Apache Parquet, "Encodings", Run Length Encoding / Bit-Packing Hybrid (RLE = 3).
 */
export function putRunLength(
  sink: ByteSink,
  values: Uint8Array | Uint32Array,
  width: number,
  start = 0,
  end = values.length,
): void {
  let packedFrom = start;
  let at = start;
  while (at < end) {
    const runEnd = endOfRun(values, at, end);
    if (runEnd - at < GROUP) {
      at += GROUP;
      continue;
    }
    putPacked(sink, values, width, packedFrom, at);
    putVarint(sink, (runEnd - at) * 2);
    for (let shift = 0; shift < width; shift += 8) putByte(sink, (values[at] as number) >>> shift);
    at = runEnd;
    packedFrom = at;
  }
  putPacked(sink, values, width, packedFrom, end);
}

/** The number of bits that the numbers from 0 to `max` need, at least one: not every reader takes zero. */
export function widthOf(max: number): number {
  return Math.max(1, 32 - Math.clz32(max));
}

function endOfRun(values: Uint8Array | Uint32Array, start: number, end: number): number {
  const value = values[start];
  let at = start + 1;
  while (at < end && values[at] === value) at++;
  return at;
}

/** Groups of eight; what the last one lacks is zeros. */
function putPacked(
  sink: ByteSink,
  values: Uint8Array | Uint32Array,
  width: number,
  start: number,
  end: number,
): void {
  if (start === end) return;
  const groups = Math.ceil((end - start) / GROUP);
  putVarint(sink, groups * 2 + 1);
  ensureRoom(sink, groups * width);
  const { bytes } = sink;
  let { length } = sink;
  let buffer = 0;
  let bits = 0;
  for (let i = start; i < end; i++) {
    buffer |= (values[i] as number) << bits;
    bits += width;
    while (bits >= 8) {
      bytes[length++] = buffer;
      buffer >>>= 8;
      bits -= 8;
    }
  }
  const packedEnd = sink.length + groups * width;
  if (length < packedEnd) bytes[length++] = buffer;
  bytes.fill(0, length, packedEnd);
  sink.length = packedEnd;
}
