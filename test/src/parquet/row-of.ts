import fc from "fast-check";
import type { ColumnSchema, ColumnType, TableSchema } from "../../../src/schema/table-schema.ts";
import type { Row, Value } from "./columns-of-rows.ts";

/** DuckDB stores it, and its Node binding drops it where a text begins with it: a test of its own looks at the bytes. */
const BYTE_ORDER_MARK = "\uFEFF";

/** Any row that a schema allows, extremes of every type included. */
export function rowOf(schema: TableSchema): fc.Arbitrary<Row> {
  const columns = Object.entries<ColumnSchema>(schema.columns).map(([name, column]) => [
    name,
    valueOf(column),
  ]);
  return fc.record(Object.fromEntries(columns) as Record<string, fc.Arbitrary<Value>>);
}

const present: Readonly<Record<ColumnType, fc.Arbitrary<Value>>> = {
  text: fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }).filter((text) => !text.startsWith(BYTE_ORDER_MARK)),
    fc.constantFrom("", "\u0000", "日本 🦆", "x".repeat(300)),
  ),
  address: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString("hex")),
  boolean: fc.boolean(),
  double: fc.double({ noNaN: true }),
  timestamp: fc.integer({
    min: Date.parse("0001-01-01T00:00:00Z"),
    max: Date.parse("9999-12-31T23:59:59.999Z"),
  }),
  int16: fc.integer({ min: -32_768, max: 32_767 }),
  int32: fc.oneof(fc.integer(), fc.integer({ min: 0, max: 200 })),
  int64: fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -(2 ** 50), max: 2 ** 50 }), fc.nat()),
};

function valueOf({ type, isNullable }: ColumnSchema): fc.Arbitrary<Value> {
  return isNullable && type !== "boolean" ? fc.option(present[type], { freq: 4 }) : present[type];
}
