import type { ColumnSchema, TableSchema } from "../schema/table-schema.ts";
import type { PlacedChunk } from "./put-chunk.ts";
import { parquetTypes, rootElement, schemaElement } from "./schema-element.ts";
import {
  binary,
  int32,
  int64,
  list,
  string,
  struct,
  type ThriftFields,
  type ThriftValue,
} from "./thrift-compact.ts";

/** A row group as it lies in the file. */
export interface PlacedRowGroup {
  readonly rowCount: number;
  /** In the order of the schema. */
  readonly chunks: readonly PlacedChunk[];
}

export interface FooterInput {
  readonly schema: TableSchema;
  readonly groups: readonly PlacedRowGroup[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** Delta encoding belongs to version 2 of the format; readers have it since 2013. */
const FORMAT_VERSION = 2;

/**
 * Which writer to suspect when a file reads wrongly: it changes with the code of this folder, not with the
 * program. The shape is what the Java implementation parses before it trusts statistics.
 */
export const CREATED_BY = "hostlog-parquet version 1.0.0 (build pages)";

/** The `FileMetaData` of parquet.thrift. */
export function footerFields({ schema, groups, metadata }: FooterInput): ThriftFields {
  const columns = Object.entries<ColumnSchema>(schema.columns);
  const typeOrder = struct({ 1: struct({}) });
  return {
    1: int32(FORMAT_VERSION),
    2: list(
      [rootElement(columns.length), ...columns.map(([name, column]) => schemaElement(name, column))].map(
        struct,
      ),
    ),
    3: int64(groups.reduce((sum, group) => sum + group.rowCount, 0)),
    4: list(groups.map((group) => rowGroup(group, columns))),
    5: list(Object.entries(metadata).map(([key, value]) => struct({ 1: string(key), 2: string(value) }))),
    6: string(CREATED_BY),
    7: list(columns.map(() => typeOrder)),
  };
}

function rowGroup(
  { rowCount, chunks }: PlacedRowGroup,
  columns: readonly [string, ColumnSchema][],
): ThriftValue {
  const sum = (of: (chunk: PlacedChunk) => number): number =>
    chunks.reduce((before, chunk) => before + of(chunk), 0);
  return struct({
    1: list(
      columns.flatMap(([name, column], i) => {
        const chunk = chunks[i];
        return chunk === undefined ? [] : [columnChunk(name, column, chunk, rowCount)];
      }),
    ),
    2: int64(sum((chunk) => chunk.uncompressedBytes)),
    3: int64(rowCount),
    5: chunks[0] === undefined ? undefined : int64(startOf(chunks[0])),
    6: int64(sum((chunk) => chunk.compressedBytes)),
  });
}

function columnChunk(
  name: string,
  { type }: ColumnSchema,
  chunk: PlacedChunk,
  rowCount: number,
): ThriftValue {
  return struct({
    2: int64(startOf(chunk)),
    3: struct({
      1: int32(parquetTypes[type].physical),
      2: list(chunk.encodings.map(int32)),
      3: list([string(name)]),
      4: int32(chunk.codecId),
      5: int64(rowCount),
      6: int64(chunk.uncompressedBytes),
      7: int64(chunk.compressedBytes),
      9: int64(chunk.dataOffset),
      11: chunk.dictionaryOffset === undefined ? undefined : int64(chunk.dictionaryOffset),
      12: statistics(chunk),
    }),
  });
}

function statistics({ nullCount, bounds }: PlacedChunk): ThriftValue {
  return struct({
    3: int64(nullCount),
    5: bounds === undefined ? undefined : binary(bounds.max),
    6: bounds === undefined ? undefined : binary(bounds.min),
  });
}

function startOf(chunk: PlacedChunk): number {
  return chunk.dictionaryOffset ?? chunk.dataOffset;
}
