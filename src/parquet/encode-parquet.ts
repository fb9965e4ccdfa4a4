import type { Column } from "../columns/column.ts";
import type { TableColumns } from "../schema/table-columns.ts";
import type { ColumnSchema, TableSchema } from "../schema/table-schema.ts";
import { bytesOfSink, createByteSink, putBytes, putUint32 } from "./byte-sink.ts";
import { encodeBooleans } from "./encode-booleans.ts";
import { encodeBytes } from "./encode-bytes.ts";
import { encodeNumbers } from "./encode-numbers.ts";
import type { EncodedColumn } from "./encoded-column.ts";
import { footerFields, type PlacedRowGroup } from "./footer.ts";
import type { EntryIndexes } from "./gather-entries.ts";
import { defaultCodec, type PageCodec } from "./page-codec.ts";
import { putChunk } from "./put-chunk.ts";
import { ADDRESS_BYTES } from "./schema-element.ts";
import { putThriftStruct } from "./thrift-compact.ts";

export interface ParquetInput<Schema extends TableSchema> {
  readonly schema: Schema;
  readonly columns: TableColumns<Schema>;
  /** The rows to write, as indexes into the columns, in the order to write them. */
  readonly rows: Uint32Array;
  /**
   * Key-value metadata of the file: which program wrote it, at least. `hostlog.table` and
   * `hostlog.schema_version` are added from the schema.
   */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * The unit that a reader skips by its bounds, and fetches and opens on its own. A batch of 200,000 rows sorted by
 * domain makes four; a quarter of this size takes a fifth more CPU time, because dictionaries are repeated
 * (docs/decisions/0002-parquet-writer.md).
 */
export const ROW_GROUP_ROWS = 65_536;

const MAGIC = new TextEncoder().encode("PAR1");

/**
 * The rows as a Parquet file. A value is in the file only if one of the rows has it, though the columns hold
 * more. Throws for what the schema forbids (a row without a value in a column that is not nullable, a number
 * that its type cannot hold): the code that made the columns is wrong then.
 */
export function encodeParquet<Schema extends TableSchema>(
  { schema, columns, rows, metadata }: ParquetInput<Schema>,
  codec: PageCodec = defaultCodec,
): Uint8Array {
  const named = Object.entries<ColumnSchema>(schema.columns);
  const columnOf: Readonly<Record<string, Column | undefined>> = columns;
  const indexOfCode = entryIndexes(Object.values(columns));
  const file = createByteSink(1024 * 1024);
  const groups: PlacedRowGroup[] = [];
  putBytes(file, MAGIC);
  for (let start = 0; start < rows.length; start += ROW_GROUP_ROWS) {
    const group = rows.subarray(start, start + ROW_GROUP_ROWS);
    const chunks = named.map(([name, column]) =>
      putChunk(file, encodeColumn(name, column, columnOf[name], group, indexOfCode), codec),
    );
    groups.push({ rowCount: group.length, chunks });
  }
  const footerStart = file.length;
  const facts = {
    ...metadata,
    "hostlog.table": schema.table,
    "hostlog.schema_version": String(schema.version),
  };
  putThriftStruct(file, footerFields({ schema, groups, metadata: facts }));
  putUint32(file, file.length - footerStart);
  putBytes(file, MAGIC);
  return bytesOfSink(file).slice();
}

/** One for all columns: a column's gather leaves it as it found it. */
function entryIndexes(columns: readonly Column[]): EntryIndexes {
  const sizes = columns.map((column) => (column.kind === "bytes" ? column.values.size : 0));
  return new Uint32Array(Math.max(0, ...sizes) + 1);
}

function encodeColumn(
  name: string,
  schema: ColumnSchema,
  column: Column | undefined,
  rows: Uint32Array,
  indexOfCode: EntryIndexes,
): EncodedColumn {
  const encoded = encode(schema, column, rows, indexOfCode);
  if (encoded === undefined) throw new TypeError(`parquet: column ${name} holds no ${schema.type}`);
  if (encoded.nullCount > 0 && !schema.isNullable) {
    throw new RangeError(
      `parquet: ${encoded.nullCount} rows without a value in column ${name}, which is not nullable`,
    );
  }
  return encoded;
}

/** Undefined when the column's kind is not its type's. */
function encode(
  { type, isNullable }: ColumnSchema,
  column: Column | undefined,
  rows: Uint32Array,
  indexOfCode: EntryIndexes,
): EncodedColumn | undefined {
  if (type === "text" || type === "address") {
    if (column?.kind !== "bytes") return undefined;
    const fixedLengthBytes = type === "address" ? ADDRESS_BYTES : undefined;
    return encodeBytes(column, rows, { isNullable, fixedLengthBytes, indexOfCode });
  }
  if (type === "boolean") {
    return column?.kind === "boolean" ? encodeBooleans(column, rows, isNullable) : undefined;
  }
  return column?.kind === "number" ? encodeNumbers(column, rows, type, isNullable) : undefined;
}
