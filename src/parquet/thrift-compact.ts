import { type ByteSink, putByte, putBytes, putVarint, putZigzag } from "./byte-sink.ts";

/**
 * A value as Parquet's headers and footer hold it. Source: Apache Thrift, "Thrift Compact protocol encoding",
 * https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
export type ThriftValue =
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "integer"; readonly type: 3 | 5 | 6; readonly value: number }
  | { readonly kind: "binary"; readonly bytes: Uint8Array }
  | { readonly kind: "list"; readonly items: readonly ThriftValue[] }
  | { readonly kind: "struct"; readonly fields: ThriftFields };

/** Fields by their id; an optional field that is absent is undefined. */
export type ThriftFields = Readonly<Record<number, ThriftValue | undefined>>;

const TYPE_TRUE = 1;
const TYPE_FALSE = 2;
const TYPE_BYTE = 3;
const TYPE_BINARY = 8;
const TYPE_LIST = 9;
const TYPE_STRUCT = 12;
const STOP = 0;

export const boolean = (value: boolean): ThriftValue => ({ kind: "boolean", value });
export const int8 = (value: number): ThriftValue => ({ kind: "integer", type: TYPE_BYTE, value });
export const int32 = (value: number): ThriftValue => ({ kind: "integer", type: 5, value });
export const int64 = (value: number): ThriftValue => ({ kind: "integer", type: 6, value });
export const binary = (bytes: Uint8Array): ThriftValue => ({ kind: "binary", bytes });
export const string = (text: string): ThriftValue => binary(new TextEncoder().encode(text));
export const list = (items: readonly ThriftValue[]): ThriftValue => ({ kind: "list", items });
export const struct = (fields: ThriftFields): ThriftValue => ({ kind: "struct", fields });

export function putThriftStruct(sink: ByteSink, fields: ThriftFields): void {
  let lastId = 0;
  // The language gives keys that are whole numbers in ascending order, which the short form of a header needs.
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const id = Number(key);
    // Ids in Parquet's structs lie so close that the delta always fits the header's four bits.
    putByte(sink, ((id - lastId) << 4) | typeOf(value));
    if (value.kind !== "boolean") putValue(sink, value);
    lastId = id;
  }
  putByte(sink, STOP);
}

function putValue(sink: ByteSink, value: Exclude<ThriftValue, { kind: "boolean" }>): void {
  switch (value.kind) {
    case "integer":
      if (value.type === TYPE_BYTE) putByte(sink, value.value);
      else putZigzag(sink, value.value);
      break;
    case "binary":
      putVarint(sink, value.bytes.length);
      putBytes(sink, value.bytes);
      break;
    case "list":
      putList(sink, value.items);
      break;
    case "struct":
      putThriftStruct(sink, value.fields);
      break;
  }
}

/** Lists here hold integers, strings or structs, never booleans, whose form in a list differs. */
function putList(sink: ByteSink, items: readonly ThriftValue[]): void {
  const [first] = items;
  const type = first === undefined ? TYPE_STRUCT : typeOf(first);
  if (items.length < 15) putByte(sink, (items.length << 4) | type);
  else {
    putByte(sink, 0xf0 | type);
    putVarint(sink, items.length);
  }
  for (const item of items) if (item.kind !== "boolean") putValue(sink, item);
}

const typeOfKind = { binary: TYPE_BINARY, list: TYPE_LIST, struct: TYPE_STRUCT } as const;

/** A boolean that is a field is told by its type alone. */
function typeOf(value: ThriftValue): number {
  if (value.kind === "boolean") return value.value ? TYPE_TRUE : TYPE_FALSE;
  return value.kind === "integer" ? value.type : typeOfKind[value.kind];
}
