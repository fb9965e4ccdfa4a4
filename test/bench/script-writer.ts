import { gzipSync } from "node:zlib";
import type { SchemaElement } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { type Column, entryOf } from "../../src/columns/column.ts";
import { rawSchema } from "../../src/schema/raw-schema.ts";
import type { ColumnSchema, ColumnType } from "../../src/schema/table-schema.ts";
import type { RawBatch } from "./raw-batches.ts";

/**
 * A batch through hyparquet-writer, which takes arrays of JavaScript values. A string is made once for each
 * entry of a column and shared by its rows: the best case of our columns.
 */
export function encodeWithScript(
  { columns, rows }: RawBatch,
  codec: "SNAPPY" | "GZIP",
  rowGroupRows: number,
): Uint8Array {
  const named = Object.entries<ColumnSchema>(rawSchema.columns);
  const columnData = named.map(([name, schema]) => ({
    name,
    data: valuesOf((columns as Readonly<Record<string, Column>>)[name] as Column, schema, rows),
    nullable: schema.isNullable,
  }));
  const schema: SchemaElement[] = [
    { name: "schema", num_children: named.length },
    ...named.map(([name, column]) => elementOf(name, column)),
  ];
  const options = {
    columnData,
    schema,
    codec,
    rowGroupSize: rowGroupRows,
    kvMetadata: [{ key: "hostlog.schema", value: "raw/1" }],
  };
  const compressors = { GZIP: (page: Uint8Array) => gzipSync(page, { level: 1 }) };
  return new Uint8Array(parquetWriteBuffer(codec === "GZIP" ? { ...options, compressors } : options));
}

const elements = {
  timestamp: { type: "INT64", converted_type: "TIMESTAMP_MILLIS" },
  text: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  address: { type: "FIXED_LEN_BYTE_ARRAY", type_length: 16 },
  int64: { type: "INT64" },
  int32: { type: "INT32" },
  int16: { type: "INT32" },
  double: { type: "DOUBLE" },
  boolean: { type: "BOOLEAN" },
} as const satisfies Readonly<Record<ColumnType, Omit<SchemaElement, "name">>>;

function elementOf(name: string, { type, isNullable }: ColumnSchema): SchemaElement {
  return { name, repetition_type: isNullable ? "OPTIONAL" : "REQUIRED", ...elements[type] };
}

function valuesOf(column: Column, { type }: ColumnSchema, rows: Uint32Array): unknown[] {
  if (column.kind === "boolean") return Array.from(rows, (row) => column.values[row] === 1);
  if (column.kind === "number") {
    const isLong = type === "int64" || type === "timestamp";
    return Array.from(rows, (row) => {
      const value = column.values[row] as number;
      if (Number.isNaN(value)) return null;
      return isLong ? BigInt(value) : value;
    });
  }
  const decoder = new TextDecoder();
  const entries = Array.from({ length: column.values.size }, (_, index) =>
    type === "address"
      ? entryOf(column.values, index).slice()
      : decoder.decode(entryOf(column.values, index)),
  );
  return Array.from(rows, (row) => entries[(column.codes[row] as number) - 1] ?? null);
}
