import type { BooleanColumn } from "../columns/column.ts";
import { bytesOfSink, createByteSink, putBytes } from "./byte-sink.ts";
import { type EncodedColumn, encoding } from "./encoded-column.ts";
import { putLevels } from "./levels.ts";

/** The rows of a boolean column, one bit each, the first in the lowest bit. A boolean of ours always has a value. */
export function encodeBooleans(
  { values }: BooleanColumn,
  rows: Uint32Array,
  isNullable: boolean,
): EncodedColumn {
  const bits = new Uint8Array(Math.ceil(rows.length / 8));
  let trues = 0;
  for (let i = 0; i < rows.length; i++) {
    const value = values[rows[i] as number] as number;
    trues += value;
    bits[i >>> 3] = (bits[i >>> 3] as number) | (value << (i & 7));
  }
  const body = createByteSink(bits.length + 64);
  putLevels(body, { isNullable, isPresent: new Uint8Array(rows.length).fill(1) });
  putBytes(body, bits);
  return {
    pages: [{ kind: "data", count: rows.length, encoding: encoding.plain, body: bytesOfSink(body) }],
    nullCount: 0,
    bounds: { min: Uint8Array.of(trues === rows.length ? 1 : 0), max: Uint8Array.of(trues > 0 ? 1 : 0) },
  };
}
