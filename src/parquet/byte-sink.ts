/** Bytes that grow at their end; `bytes` may be longer than the `length` that is used. */
export interface ByteSink {
  bytes: Uint8Array;
  length: number;
}

/** Below this many bytes a loop is quicker than a call into native code. */
const LOOP_MAX_BYTES = 48;

export function createByteSink(capacityBytes = 64 * 1024): ByteSink {
  return { bytes: new Uint8Array(capacityBytes), length: 0 };
}

/** What has been put, as a view that is valid until the next put. */
export function bytesOfSink(sink: ByteSink): Uint8Array {
  return sink.bytes.subarray(0, sink.length);
}

/** Makes room for `count` more bytes; the capacity doubles, so putting stays linear. */
export function ensureRoom(sink: ByteSink, count: number): void {
  const needed = sink.length + count;
  if (needed <= sink.bytes.length) return;
  const bytes = new Uint8Array(Math.max(needed, sink.bytes.length * 2));
  bytes.set(bytesOfSink(sink));
  sink.bytes = bytes;
}

export function putByte(sink: ByteSink, byte: number): void {
  ensureRoom(sink, 1);
  sink.bytes[sink.length++] = byte;
}

/** Puts `source[start .. end]`. */
export function putBytes(sink: ByteSink, source: Uint8Array, start = 0, end = source.length): void {
  const count = end - start;
  ensureRoom(sink, count);
  const { bytes } = sink;
  const at = sink.length;
  if (count < LOOP_MAX_BYTES) for (let i = 0; i < count; i++) bytes[at + i] = source[start + i] as number;
  else bytes.set(source.subarray(start, end), at);
  sink.length = at + count;
}

/** Four bytes, little-endian; a negative number stands for its two's complement. */
export function putUint32(sink: ByteSink, value: number): void {
  ensureRoom(sink, 4);
  const { bytes } = sink;
  bytes[sink.length++] = value;
  bytes[sink.length++] = value >>> 8;
  bytes[sink.length++] = value >>> 16;
  bytes[sink.length++] = value >>> 24;
}

/** Eight bytes, little-endian two's complement, of an integer within ±(2^53 - 1). */
export function putInt64(sink: ByteSink, value: number): void {
  putUint32(sink, value);
  putUint32(sink, Math.floor(value / 0x1_0000_0000));
}

/** Eight bytes, little-endian, as IEEE 754 has it. */
export function putDouble(sink: ByteSink, value: number): void {
  ensureRoom(sink, 8);
  const { buffer, byteOffset } = sink.bytes;
  new DataView(buffer, byteOffset).setFloat64(sink.length, value, true);
  sink.length += 8;
}

/** Unsigned LEB128 of an integer from 0 to 2^53 - 1. */
export function putVarint(sink: ByteSink, value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    putByte(sink, (rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  putByte(sink, rest);
}

/** Zigzag LEB128 of an integer within ±2^52: 0, -1, 1, -2 become 0, 1, 2, 3. */
export function putZigzag(sink: ByteSink, value: number): void {
  putVarint(sink, value < 0 ? -2 * value - 1 : 2 * value);
}
