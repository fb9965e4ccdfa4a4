import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  blobValue,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBTimestampTZValue,
  type DuckDBValue,
} from "@duckdb/node-api";
import { type Column, entryOf } from "../../src/columns/column.ts";
import { rawSchema } from "../../src/schema/raw-schema.ts";
import type { ColumnSchema, ColumnType } from "../../src/schema/table-schema.ts";
import type { RawBatch } from "./raw-batches.ts";

const VECTOR_ROWS = 2048;

const sqlTypes: Readonly<Record<ColumnType, string>> = {
  timestamp: "TIMESTAMP WITH TIME ZONE",
  text: "VARCHAR",
  address: "BLOB",
  int16: "SMALLINT",
  int32: "INTEGER",
  int64: "BIGINT",
  double: "DOUBLE",
  boolean: "BOOLEAN",
};

/**
 * A batch appended to a table by data chunks, then copied to a file. DuckDB has no fixed-length bytes and
 * writes times in microseconds, so this is near our schema and not equal to it.
 */
export async function encodeWithDuckdb(
  connection: DuckDBConnection,
  { columns, rows }: RawBatch,
  rowGroupRows: number,
): Promise<Uint8Array> {
  const named = Object.entries<ColumnSchema>(rawSchema.columns);
  const ddl = named.map(
    ([name, { type, isNullable }]) => `"${name}" ${sqlTypes[type]}${isNullable ? "" : " NOT NULL"}`,
  );
  await connection.run(`CREATE OR REPLACE TEMP TABLE batch (${ddl.join(", ")})`);
  const appender = await connection.createAppender("batch");
  const types = named.map((_, index) => appender.columnType(index));
  const readers = named.map(([name, schema]) =>
    readerOf((columns as Readonly<Record<string, Column>>)[name] as Column, schema),
  );
  for (let at = 0; at < rows.length; at += VECTOR_ROWS) {
    const part = rows.subarray(at, at + VECTOR_ROWS);
    const chunk = DuckDBDataChunk.create(types, part.length);
    readers.forEach((read, index) => chunk.setColumnValues(index, Array.from(part, read)));
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
  const directory = await mkdtemp(join(tmpdir(), "hostlog-bench-"));
  const path = join(directory, "batch.parquet");
  await connection.run(
    `COPY batch TO '${path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${rowGroupRows})`,
  );
  const bytes = await readFile(path);
  await rm(directory, { recursive: true });
  return bytes;
}

function readerOf(column: Column, { type }: ColumnSchema): (row: number) => DuckDBValue {
  if (column.kind === "boolean") return (row) => column.values[row] === 1;
  if (column.kind === "number") {
    const { values } = column;
    const valueOf: (value: number) => DuckDBValue =
      type === "timestamp"
        ? (value) => new DuckDBTimestampTZValue(BigInt(value) * 1000n)
        : type === "int64"
          ? (value) => BigInt(value)
          : (value) => value;
    return (row) => (Number.isNaN(values[row]) ? null : valueOf(values[row] as number));
  }
  const decoder = new TextDecoder();
  const entries: DuckDBValue[] = Array.from({ length: column.values.size }, (_, index) => {
    const bytes = entryOf(column.values, index);
    return type === "address" ? blobValue(bytes.slice()) : decoder.decode(bytes);
  });
  return (row) => entries[(column.codes[row] as number) - 1] ?? null;
}
