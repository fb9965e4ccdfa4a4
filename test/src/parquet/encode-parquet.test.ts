import fc from "fast-check";
import { parquetMetadata } from "hyparquet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeParquet, ROW_GROUP_ROWS } from "../../../src/parquet/encode-parquet.ts";
import { gzip, type PageCodec, uncompressed, zstd } from "../../../src/parquet/page-codec.ts";
import { analyticsSchema } from "../../../src/schema/analytics-schema.ts";
import { quarantineSchema } from "../../../src/schema/quarantine-schema.ts";
import { rawSchema } from "../../../src/schema/raw-schema.ts";
import type { ColumnType, TableSchema } from "../../../src/schema/table-schema.ts";
import { columnsOfRows, type Row } from "./columns-of-rows.ts";
import { type DuckdbReader, openDuckdbReader, readWithHyparquet } from "./read-back.ts";
import { rowOf } from "./row-of.ts";

const types: readonly ColumnType[] = [
  "timestamp",
  "text",
  "address",
  "int16",
  "int32",
  "int64",
  "double",
  "boolean",
];

/** Every type, with and without nulls. */
const everySchema: TableSchema = {
  table: "every",
  version: 7,
  columns: Object.fromEntries(
    types.flatMap((type) => [
      [type, { type, isNullable: false, about: "" }],
      [`${type}_or_null`, { type, isNullable: true, about: "" }],
    ]),
  ),
};

const oneOf = (type: ColumnType, isNullable = true): TableSchema => ({
  table: "one",
  version: 1,
  columns: { value: { type, isNullable, about: "" } },
});

const all = (rows: readonly unknown[]): Uint32Array => Uint32Array.from(rows, (_, index) => index);

function encode(schema: TableSchema, rows: readonly Row[], order = all(rows), codec?: PageCodec): Uint8Array {
  return encodeParquet(
    {
      schema,
      columns: columnsOfRows(schema, rows),
      rows: order,
      metadata: { "hostlog.program": "hostlog 1.2.3" },
    },
    codec,
  );
}

const metadataOf = (file: Uint8Array) => parquetMetadata(new Uint8Array(file).buffer);

const values = (list: readonly Row[string][]): Row[] => list.map((value) => ({ value }));

const statisticsOf = (schema: TableSchema, rows: readonly Row[]) =>
  metadataOf(encode(schema, rows)).row_groups[0]?.columns[0]?.meta_data?.statistics;

const twice = (rows: readonly Row[]) => ({ duckdb: rows, hyparquet: rows });

describe("encodeParquet", () => {
  let duckdb: DuckdbReader;
  beforeAll(async () => {
    duckdb = await openDuckdbReader();
  });
  afterAll(() => duckdb.close());

  /** The rows as each of two readers, written by others in other languages, gives them. */
  const readTwice = async (file: Uint8Array) => ({
    duckdb: await duckdb.rows(file),
    hyparquet: await readWithHyparquet(file),
  });

  const codecs = { uncompressed, gzip, ...(zstd === undefined ? {} : { zstd }) };
  const selection = fc.array(rowOf(everySchema), { minLength: 1, maxLength: 30 }).chain((rows) =>
    fc.record({
      rows: fc.constant(rows),
      order: fc
        .array(fc.nat(rows.length - 1), { maxLength: 300, size: "max" })
        .map((order) => Uint32Array.from(order)),
      codec: fc.constantFrom(...Object.values<PageCodec>(codecs)),
    }),
  );

  it("gives any rows back, in the order asked for, through DuckDB and through hyparquet", async () => {
    await fc.assert(
      fc.asyncProperty(selection, async ({ rows, order, codec }) => {
        const expected = Array.from(order, (row) => rows[row]).filter((row) => row !== undefined);
        expect(await readTwice(encode(everySchema, rows, order, codec))).toEqual(twice(expected));
      }),
    );
  });

  it.each([rawSchema, analyticsSchema, quarantineSchema])(
    "gives rows of the $table table back",
    async (schema) => {
      const [rows = []] = fc.sample(fc.array(rowOf(schema), { minLength: 50, maxLength: 50 }), {
        numRuns: 1,
        seed: 1,
      });
      expect(await readTwice(encode(schema, rows))).toEqual(twice(rows));
    },
  );

  it.each(Object.entries<PageCodec>(codecs))(
    "gives rows of several groups back, %s",
    async (_name, codec) => {
      const rows = values(
        Array.from({ length: ROW_GROUP_ROWS + 1 }, (_, i) => (i % 3 === 0 ? null : `path ${i % 70_000}`)),
      );
      const file = encode(oneOf("text"), rows, all(rows), codec);
      expect(metadataOf(file).row_groups.map((group) => Number(group.num_rows))).toEqual([ROW_GROUP_ROWS, 1]);
      expect(await readTwice(file)).toEqual(twice(rows));
    },
  );

  it("keeps a text that begins with a byte order mark", async () => {
    const rows = values(["\uFEFF", "\uFEFFa"]);
    const file = encode(oneOf("text"), rows);
    expect(await readWithHyparquet(file)).toEqual(rows);
    expect(await duckdb.query(file, "SELECT encode(value) AS value FROM FILE")).toEqual(
      values(["efbbbf", "efbbbf61"]),
    );
  });

  it("splits long values over pages", async () => {
    const rows = values(Array.from({ length: 200 }, (_, index) => `${index} ${"é".repeat(15_000)}`));
    expect(await readTwice(encode(oneOf("text"), rows))).toEqual(twice(rows));
  });

  it("writes a table without rows", async () => {
    const file = encode(everySchema, []);
    expect(await readTwice(file)).toEqual(twice([]));
    expect(
      await duckdb.query(file, "SELECT count(*)::INTEGER AS columns FROM (DESCRIBE FROM read_parquet(FILE))"),
    ).toEqual([{ columns: 16 }]);
  });

  it("keeps integers exact up to 2^53 - 1 and instants from the year 1 to the year 9999", async () => {
    const limits = [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2 ** 50, -(2 ** 50) - 1, 0, null, -1];
    expect(await readTwice(encode(oneOf("int64"), values(limits)))).toEqual(twice(values(limits)));
    const instants = ["0001-01-01T00:00:00.000Z", "1969-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"].map(
      Date.parse,
    );
    expect(await readTwice(encode(oneOf("timestamp"), values(instants)))).toEqual(twice(values(instants)));
  });

  it("gives DuckDB the types of the schema", async () => {
    const file = encode(everySchema, []);
    const described = await duckdb.query(
      file,
      "SELECT column_name, column_type FROM (DESCRIBE FROM read_parquet(FILE))",
    );
    const typeOf = Object.fromEntries(
      described.map(({ column_name, column_type }) => [column_name, column_type]),
    );
    expect(typeOf).toMatchObject({
      timestamp: "TIMESTAMP WITH TIME ZONE",
      text: "VARCHAR",
      address: "BLOB",
      int16: "SMALLINT",
      int32: "INTEGER",
      int64: "BIGINT",
      double: "DOUBLE",
      boolean: "BOOLEAN",
    });
  });

  it("marks what the schema does not let be null as required", () => {
    const [, ...columns] = metadataOf(encode(everySchema, [])).schema;
    for (const { name, repetition_type } of columns) {
      expect(repetition_type).toBe(name.endsWith("_or_null") ? "OPTIONAL" : "REQUIRED");
    }
  });

  it("stores an address as sixteen bytes of fixed length", () => {
    const [, column] = metadataOf(encode(oneOf("address"), [])).schema;
    expect(column).toMatchObject({ type: "FIXED_LEN_BYTE_ARRAY", type_length: 16 });
  });

  it("names the types for readers of logical types", () => {
    const logicalTypeOf = (type: ColumnType) => metadataOf(encode(oneOf(type), [])).schema[1]?.logical_type;
    expect(logicalTypeOf("text")).toEqual({ type: "STRING" });
    expect(logicalTypeOf("int16")).toEqual({ type: "INTEGER", bitWidth: 16, isSigned: true });
    expect(logicalTypeOf("timestamp")).toEqual({ type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MILLIS" });
  });

  it.each([1, 13, 14, 15, 200])("writes a table of %i columns", async (count) => {
    const names = Array.from({ length: count }, (_, index) => `column_${index}`);
    const columns = names.map((name) => [name, { type: "int64", isNullable: false, about: "" }] as const);
    const rows: Row[] = [Object.fromEntries(names.map((name, index) => [name, index]))];
    const file = encode({ table: "wide", version: 1, columns: Object.fromEntries(columns) }, rows);
    expect(await readTwice(file)).toEqual(twice(rows));
  });

  it("compresses a column unless it is so small that it would grow", () => {
    const codecOf = (text: string) =>
      metadataOf(encode(oneOf("text"), values([text]), all([text]), gzip)).row_groups[0]?.columns[0]
        ?.meta_data?.codec;
    expect(codecOf("a".repeat(1000))).toBe("GZIP");
    expect(codecOf("a".repeat(20))).toBe("UNCOMPRESSED");
  });

  it("says how long each column is, its headers included", () => {
    const file = encode(
      everySchema,
      fc.sample(rowOf(everySchema), { numRuns: 20, seed: 5 }),
      undefined,
      uncompressed,
    );
    const [group] = metadataOf(file).row_groups;
    let end = 4n;
    for (const { meta_data: column } of group?.columns ?? []) {
      expect(column?.dictionary_page_offset ?? column?.data_page_offset).toBe(end);
      expect(column?.total_uncompressed_size).toBe(column?.total_compressed_size);
      end += column?.total_compressed_size ?? 0n;
    }
    expect(group?.total_byte_size).toBe(end - 4n);
  });

  it("holds no value that only other rows have", () => {
    const rows = values(["kept.example", "left-out.example", "kept.example", "kept.example"]);
    const file = Buffer.from(encode(oneOf("text"), rows, Uint32Array.of(0, 2, 3), uncompressed));
    expect(file.includes("kept.example")).toBe(true);
    expect(file.includes("left-out.example")).toBe(false);
  });

  it("reads rightly where two entries of a column are the same bytes", async () => {
    const bytes = new TextEncoder().encode("GETGETPUT");
    const list = { bytes, offsets: Uint32Array.of(0, 3, 6, 9), size: 3 };
    const codes = Uint32Array.from({ length: 90 }, (_, row) => (row % 3) + 1);
    const columns = { value: { kind: "bytes" as const, codes, values: list } };
    const file = encodeParquet({ schema: oneOf("text"), columns, rows: all([...codes]), metadata: {} });
    const counts = await duckdb.query(
      file,
      "SELECT value, count(*) AS rows FROM FILE GROUP BY value ORDER BY value",
    );
    expect(counts).toEqual([
      { value: "GET", rows: 60 },
      { value: "PUT", rows: 30 },
    ]);
  });

  it("carries the given metadata, the table and the schema's version", () => {
    const pairs = metadataOf(encode(everySchema, [])).key_value_metadata?.map(({ key, value }) => [
      key,
      value,
    ]);
    expect(Object.fromEntries(pairs ?? [])).toEqual({
      "hostlog.program": "hostlog 1.2.3",
      "hostlog.table": "every",
      "hostlog.schema_version": "7",
    });
  });

  it("writes the same bytes for the same rows, whatever the order in which the columns got their values", () => {
    const rows = fc.sample(rowOf(everySchema), { numRuns: 20, seed: 3 });
    const last = rows.length - 1;
    const backwards = encode(
      everySchema,
      rows.toReversed(),
      Uint32Array.from(rows, (_, index) => last - index),
    );
    expect(backwards).toEqual(encode(everySchema, rows));
  });

  describe("statistics", () => {
    it("hold the least and the greatest value and the number of nulls", () => {
      expect(statisticsOf(oneOf("text"), values(["b", null, "a", "é", "z"]))).toMatchObject({
        min_value: "a",
        max_value: "é",
        null_count: 1n,
      });
      expect(statisticsOf(oneOf("int64"), values([5, -7, null, null]))).toMatchObject({
        min_value: -7n,
        max_value: 5n,
        null_count: 2n,
      });
      expect(statisticsOf(oneOf("boolean", false), values([true, false]))).toMatchObject({
        min_value: false,
        max_value: true,
      });
    });

    it("hold the least and the greatest address by its bytes", () => {
      const addresses = ["ff".repeat(16), "00".repeat(16), "7f".repeat(16)];
      const found = statisticsOf(oneOf("address"), values(addresses));
      expect(found?.min_value).toEqual(new Uint8Array(16));
      expect(found?.max_value).toEqual(new Uint8Array(16).fill(0xff));
    });

    it("let both zeros of a double pass", () => {
      expect(statisticsOf(oneOf("double"), values([0, 0]))).toMatchObject({ min_value: -0, max_value: 0 });
      expect(statisticsOf(oneOf("double"), values([-0, -0]))).toMatchObject({ min_value: -0, max_value: 0 });
    });

    it("name no bound that is longer than a host name can be", () => {
      const found = statisticsOf(oneOf("text"), values(["a", "b".repeat(257)]));
      expect(found?.null_count).toBe(0n);
      expect(found?.max_value).toBeUndefined();
      expect(statisticsOf(oneOf("text"), values(["a", "b".repeat(256)]))?.max_value).toBe("b".repeat(256));
    });

    it("let DuckDB skip a row group that cannot hold what is asked for, so that its pages may even be broken", async () => {
      const domains = Array.from({ length: ROW_GROUP_ROWS + 1 }, (_, i) =>
        i < ROW_GROUP_ROWS ? "a.example" : "b.example",
      );
      const file = encode(oneOf("text", false), values(domains));
      const second = metadataOf(file).row_groups[1]?.columns[0]?.meta_data;
      file.fill(0xff, 4, Number(second?.dictionary_page_offset ?? second?.data_page_offset));
      const count = (domain: string) =>
        duckdb.query(file, `SELECT count(*) AS rows FROM FILE WHERE value = '${domain}'`);
      expect(await count("b.example")).toEqual([{ rows: 1 }]);
      await expect(count("a.example")).rejects.toThrow("don't know what type");
    });
  });

  it("refuses what the schema forbids", () => {
    expect(() => encode(oneOf("text", false), values(["a", null]))).toThrow(
      /1 rows without a value in column value/,
    );
    expect(() => encode(oneOf("int16"), values([32_768]))).toThrow(/too large/);
    expect(() => encode(oneOf("int32"), values([-(2 ** 31) - 1]))).toThrow(/too large/);
    expect(() => encode(oneOf("int64"), values([2 ** 53]))).toThrow(/too large/);
    expect(() => encode(oneOf("timestamp"), values([1.5]))).toThrow(/fraction/);
    expect(() => encode(oneOf("address"), values(["00"]))).toThrow(/1 bytes in a column of 16/);
    const columns = columnsOfRows(oneOf("text"), values(["a"]));
    expect(() =>
      encodeParquet({ schema: oneOf("double"), columns, rows: Uint32Array.of(0), metadata: {} }),
    ).toThrow(/holds no double/);
  });
});
