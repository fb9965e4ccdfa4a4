import {
  Bool,
  type Data,
  Dictionary,
  Field,
  FixedSizeBinary,
  Float64,
  Int16,
  Int32,
  Int64,
  makeData,
  makeVector,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  TimestampMillisecond,
  Utf8,
} from "apache-arrow";
import { Compression, EnabledStatistics, Table, WriterPropertiesBuilder, writeParquet } from "parquet-wasm";
import { type BytesColumn, type Column, type NumberColumn, usedBytes } from "../../src/columns/column.ts";
import { rawSchema } from "../../src/schema/raw-schema.ts";
import type { ColumnSchema } from "../../src/schema/table-schema.ts";
import type { RawBatch } from "./raw-batches.ts";

/** A batch through Arrow's IPC stream into parquet-wasm, gathered straight into Arrow's buffers. */
export function encodeWithWasm(
  { columns, rows }: RawBatch,
  text: "plain" | "dictionary",
  rowGroupRows: number,
): Uint8Array {
  const children: Data[] = [];
  const fields: Field[] = [];
  for (const [name, schema] of Object.entries<ColumnSchema>(rawSchema.columns)) {
    const data = gather((columns as Readonly<Record<string, Column>>)[name] as Column, schema, rows, text);
    children.push(data);
    fields.push(new Field(name, data.type, schema.isNullable));
  }
  const schema = new Schema(fields);
  const batch = new RecordBatch(
    schema,
    makeData({ type: new Struct(fields), length: rows.length, nullCount: 0, children }),
  );
  const stream = RecordBatchStreamWriter.writeAll([batch]).toUint8Array(true);
  const properties = new WriterPropertiesBuilder()
    .setCompression(Compression.ZSTD)
    .setMaxRowGroupSize(rowGroupRows)
    .setStatisticsEnabled(EnabledStatistics.Chunk)
    .setKeyValueMetadata(new Map([["hostlog.schema", "raw/1"]]))
    .build();
  return writeParquet(Table.fromIPCStream(stream), properties);
}

function gather(column: Column, schema: ColumnSchema, rows: Uint32Array, text: "plain" | "dictionary"): Data {
  if (column.kind === "bytes") {
    if (schema.type === "address") return gatherAddresses(column, rows);
    return text === "plain" ? gatherText(column, rows) : gatherCodes(column, rows);
  }
  if (column.kind === "number") return gatherNumbers(column, schema, rows);
  const values = new Uint8Array(Math.ceil(rows.length / 8));
  rows.forEach((row, i) => {
    if (column.values[row] === 1) values[i >> 3] = (values[i >> 3] as number) | (1 << (i & 7));
  });
  return makeData({ type: new Bool(), length: rows.length, nullCount: 0, data: values });
}

function gatherText({ codes, values }: BytesColumn, rows: Uint32Array): Data {
  const { bytes, offsets } = values;
  const { nullBitmap, nullCount } = nullsOfCodes(codes, rows);
  const valueOffsets = new Int32Array(rows.length + 1);
  let length = 0;
  for (let i = 0; i < rows.length; i++) {
    const code = codes[rows[i] as number] as number;
    if (code !== 0) length += (offsets[code] as number) - (offsets[code - 1] as number);
    valueOffsets[i + 1] = length;
  }
  const data = new Uint8Array(length);
  for (let i = 0; i < rows.length; i++) {
    const code = codes[rows[i] as number] as number;
    if (code === 0) continue;
    const start = offsets[code - 1] as number;
    const end = offsets[code] as number;
    let at = valueOffsets[i] as number;
    if (end - start >= 48) data.set(bytes.subarray(start, end), at);
    else for (let from = start; from < end; from++) data[at++] = bytes[from] as number;
  }
  return makeData({ type: new Utf8(), length: rows.length, nullCount, nullBitmap, valueOffsets, data });
}

function gatherCodes({ codes, values }: BytesColumn, rows: Uint32Array): Data {
  const { nullBitmap, nullCount } = nullsOfCodes(codes, rows);
  const data = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) data[i] = Math.max(0, (codes[rows[i] as number] as number) - 1);
  const dictionary = makeVector(
    makeData({
      type: new Utf8(),
      length: values.size,
      nullCount: 0,
      valueOffsets: new Int32Array(values.offsets.subarray(0, values.size + 1)),
      data: values.bytes.subarray(0, usedBytes(values)),
    }),
  );
  const type = new Dictionary(new Utf8(), new Int32());
  return makeData({ type, length: rows.length, nullCount, nullBitmap, data, dictionary });
}

function gatherAddresses({ codes, values }: BytesColumn, rows: Uint32Array): Data {
  const { nullBitmap, nullCount } = nullsOfCodes(codes, rows);
  const data = new Uint8Array(rows.length * 16);
  for (let i = 0; i < rows.length; i++) {
    const code = codes[rows[i] as number] as number;
    if (code === 0) continue;
    const from = values.offsets[code - 1] as number;
    for (let k = 0; k < 16; k++) data[i * 16 + k] = values.bytes[from + k] as number;
  }
  return makeData({ type: new FixedSizeBinary(16), length: rows.length, nullCount, nullBitmap, data });
}

function gatherNumbers(column: NumberColumn, { type }: ColumnSchema, rows: Uint32Array): Data {
  const { values, nullBitmap, nullCount } = gatherDoubles(column, rows);
  const common = { length: rows.length, nullCount, nullBitmap };
  if (type === "double") return makeData({ type: new Float64(), ...common, data: values });
  if (type === "int16") return makeData({ type: new Int16(), ...common, data: new Int16Array(values) });
  if (type === "int32") return makeData({ type: new Int32(), ...common, data: new Int32Array(values) });
  const halves = new Int32Array(rows.length * 2);
  for (let i = 0; i < rows.length; i++) {
    const value = values[i] as number;
    halves[2 * i] = value;
    halves[2 * i + 1] = Math.floor(value / 0x1_0000_0000);
  }
  const data = new BigInt64Array(halves.buffer);
  return type === "timestamp"
    ? makeData({ type: new TimestampMillisecond("UTC"), ...common, data })
    : makeData({ type: new Int64(), ...common, data });
}

interface Nulls {
  readonly nullBitmap: Uint8Array | null;
  readonly nullCount: number;
}

function gatherDoubles(
  { values: source }: NumberColumn,
  rows: Uint32Array,
): Nulls & { readonly values: Float64Array } {
  const values = new Float64Array(rows.length);
  const nullBitmap = new Uint8Array(Math.ceil(rows.length / 8));
  let nullCount = 0;
  for (let i = 0; i < rows.length; i++) {
    const value = source[rows[i] as number] as number;
    values[i] = value;
    if (Number.isNaN(value)) nullCount++;
    else nullBitmap[i >> 3] = (nullBitmap[i >> 3] as number) | (1 << (i & 7));
  }
  return { values, nullBitmap: nullCount === 0 ? null : nullBitmap, nullCount };
}

function nullsOfCodes(codes: Uint32Array, rows: Uint32Array): Nulls {
  const nullBitmap = new Uint8Array(Math.ceil(rows.length / 8));
  let nullCount = 0;
  for (let i = 0; i < rows.length; i++) {
    if (codes[rows[i] as number] === 0) nullCount++;
    else nullBitmap[i >> 3] = (nullBitmap[i >> 3] as number) | (1 << (i & 7));
  }
  return { nullBitmap: nullCount === 0 ? null : nullBitmap, nullCount };
}
