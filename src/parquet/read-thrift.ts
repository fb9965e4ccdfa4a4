import { binary, boolean, list, struct, type ThriftFields, type ThriftValue } from "./thrift-compact.ts";

const TYPE_TRUE = 1;
const TYPE_FALSE = 2;
const TYPE_BYTE = 3;
const TYPE_BINARY = 8;
const TYPE_LIST = 9;
const TYPE_STRUCT = 12;
const STOP = 0;

/** Deeper than any header of Parquet's, and far less than the stack. */
const DEPTH_MAX = 32;

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

/** Says that bytes are no struct in the compact protocol, or hold a type that {@link ThriftValue} has not. */
class UnreadableError extends Error {}

/**
 * What `putThriftStruct` writes, from the bytes that hold it and nothing else. Undefined for what is no such
 * struct, and for one with types that this program never writes: 16-bit integers, doubles, sets, maps, lists of
 * booleans, and integers beyond ±(2^53 - 1).
 * Source: Apache Thrift, "Thrift Compact protocol encoding",
 * https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
export function readThriftStruct(bytes: Uint8Array): ThriftFields | undefined {
  const cursor = { bytes, at: 0 };
  try {
    const fields = readFields(cursor, 0);
    return cursor.at === bytes.length ? fields : undefined;
  } catch (error) {
    if (error instanceof UnreadableError) return undefined;
    throw error;
  }
}

function readFields(cursor: Cursor, depth: number): ThriftFields {
  if (depth > DEPTH_MAX) throw new UnreadableError();
  const fields: Record<number, ThriftValue> = {};
  let id = 0;
  for (;;) {
    const head = readByte(cursor);
    if (head === STOP) return fields;
    const delta = head >> 4;
    id = delta === 0 ? readZigzag(cursor) : id + delta;
    fields[id] = readValue(cursor, head & 0x0f, depth);
  }
}

function readValue(cursor: Cursor, type: number, depth: number): ThriftValue {
  switch (type) {
    case TYPE_TRUE:
    case TYPE_FALSE:
      return boolean(type === TYPE_TRUE);
    case TYPE_BYTE:
      return { kind: "integer", type, value: readByte(cursor) };
    case 5:
    case 6:
      return { kind: "integer", type, value: readZigzag(cursor) };
    case TYPE_BINARY:
      return binary(readBytes(cursor, readVarint(cursor)));
    case TYPE_LIST:
      return readList(cursor, depth);
    case TYPE_STRUCT:
      return struct(readFields(cursor, depth + 1));
    default:
      throw new UnreadableError();
  }
}

function readList(cursor: Cursor, depth: number): ThriftValue {
  const head = readByte(cursor);
  const type = head & 0x0f;
  const count = head >> 4 === 15 ? readVarint(cursor) : head >> 4;
  if (type === TYPE_TRUE || type === TYPE_FALSE) throw new UnreadableError();
  // Each item takes a byte at least, so a count beyond them is none.
  if (count > cursor.bytes.length - cursor.at) throw new UnreadableError();
  return list(Array.from({ length: count }, () => readValue(cursor, type, depth + 1)));
}

function readByte(cursor: Cursor): number {
  const byte = cursor.bytes[cursor.at++];
  if (byte === undefined) throw new UnreadableError();
  return byte;
}

function readBytes(cursor: Cursor, count: number): Uint8Array {
  const end = cursor.at + count;
  if (end > cursor.bytes.length) throw new UnreadableError();
  const bytes = cursor.bytes.slice(cursor.at, end);
  cursor.at = end;
  return bytes;
}

function readVarint(cursor: Cursor): number {
  let value = 0;
  for (let factor = 1; factor <= Number.MAX_SAFE_INTEGER; factor *= 128) {
    const byte = readByte(cursor);
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return safe(value);
  }
  throw new UnreadableError();
}

function readZigzag(cursor: Cursor): number {
  const value = readVarint(cursor);
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

function safe(value: number): number {
  if (!Number.isSafeInteger(value)) throw new UnreadableError();
  return value;
}
