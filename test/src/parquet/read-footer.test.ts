import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesOfSink, createByteSink } from "../../../src/parquet/byte-sink.ts";
import { encodeParquet } from "../../../src/parquet/encode-parquet.ts";
import { CREATED_BY } from "../../../src/parquet/footer.ts";
import {
  FOOTER_TAIL_BYTES,
  footerRange,
  narrowFooter,
  type ParquetFooter,
  readFooter,
} from "../../../src/parquet/read-footer.ts";
import { readThriftStruct } from "../../../src/parquet/read-thrift.ts";
import {
  binary,
  boolean,
  int8,
  int32,
  int64,
  list,
  putThriftStruct,
  struct,
  type ThriftFields,
  type ThriftValue,
} from "../../../src/parquet/thrift-compact.ts";
import { analyticsSchema } from "../../../src/schema/analytics-schema.ts";
import { parquetOf } from "../../support/parquet-rows.ts";
import { columnsOfRows, type Row } from "./columns-of-rows.ts";

const names = Object.keys(analyticsSchema.columns);

function analytics(rows: readonly Row[]): Uint8Array {
  const all = rows.map((row) => ({ is_bot: false, visit_start: true, visitor_first_of_day: true, ...row }));
  return encodeParquet({
    schema: analyticsSchema,
    columns: columnsOfRows(analyticsSchema, all),
    rows: Uint32Array.from(rows, (_, index) => index),
    metadata: {},
  });
}

function footerOf(file: Uint8Array): ParquetFooter | undefined {
  const range = footerRange(file.subarray(-FOOTER_TAIL_BYTES), file.length);
  return range === undefined ? undefined : readFooter(file.subarray(range.start, range.end), range.start);
}

describe("readFooter", () => {
  const file = analytics([
    { time: 3_600_000, domain: "b.example.org", status: 200 },
    { time: 7_200_000, domain: "a.example.org", status: null },
  ]);

  it("tells columns, and where their pages lie, with their bounds", () => {
    const footer = footerOf(file);
    expect(footer?.columns).toEqual(names);
    expect(footer?.createdBy).toBe(CREATED_BY);
    const [group] = footer?.groups ?? [];
    const domain = group?.chunks[names.indexOf("domain")];
    expect(Buffer.from(domain?.bounds?.min ?? []).toString()).toBe("a.example.org");
    expect(Buffer.from(domain?.bounds?.max ?? []).toString()).toBe("b.example.org");
    expect(domain?.isAllNull).toBe(false);
    expect(group?.chunks[names.indexOf("browser")]?.isAllNull).toBe(true);
    // The pages follow each other from behind the magic number up to the footer.
    const ranges = group?.chunks.map(({ range }) => range) ?? [];
    expect(ranges.map(({ start }) => start)).toEqual([4, ...ranges.slice(0, -1).map(({ end }) => end)]);
    expect(ranges.at(-1)?.end).toBe(footer?.start);
  });

  it("is undefined for what this program would not write, and for no Parquet at all", async () => {
    expect(footerOf(new Uint8Array(3))).toBeUndefined();
    expect(footerOf(Buffer.from("PAR1 no parquet PAR1"))).toBeUndefined();
    expect(footerOf(file.subarray(0, -1))).toBeUndefined();
    expect(footerOf(await parquetOf("SELECT [1, 2] AS list, {a: 1} AS struct"))).toBeUndefined();
  });
});

describe("narrowFooter", () => {
  it("names some groups and columns, and leaves the rest as it was", async () => {
    const theirs = await parquetOf("SELECT range AS a, range % 7 AS b, 'x' AS c FROM range(300000)");
    const footer = footerOf(theirs);
    if (footer === undefined) throw new Error("the footer could not be read");
    const count = footer.groups.length;
    expect(count).toBeGreaterThan(1);
    const narrowed = narrowFooter(
      footer,
      (index) => index === 1,
      (name) => name !== "b",
    );
    const again = footerOf(Buffer.concat([theirs.subarray(0, footer.start), narrowed]));
    expect(again?.columns).toEqual(["a", "c"]);
    expect(again?.groups).toEqual([{ chunks: footer.groups[1]?.chunks.filter((_, index) => index !== 1) }]);
    expect(again?.fields[3]).toEqual(
      footer.fields[4]?.kind === "list" ? rowsOf(footer.fields[4].items[1]) : undefined,
    );
  });
});

function rowsOf(group: ThriftValue | undefined): ThriftValue | undefined {
  return group?.kind === "struct" ? group.fields[3] : undefined;
}

describe("readThriftStruct", () => {
  const leaf = fc.oneof(
    fc.boolean().map(boolean),
    fc.integer({ min: 0, max: 255 }).map(int8),
    fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map(int32),
    fc.integer({ min: -(2 ** 51), max: 2 ** 51 }).map(int64),
    fc.uint8Array({ maxLength: 300 }).map(binary),
    fc.array(fc.integer({ min: 0, max: 100 }).map(int32), { maxLength: 40 }).map(list),
  );
  const fields = (value: fc.Arbitrary<ThriftValue>): fc.Arbitrary<ThriftFields> =>
    fc
      .array(value, { maxLength: 14 })
      .map((values) => Object.fromEntries(values.map((one, at) => [at + 1, one])));

  it("reads what is written", () => {
    const nested = fields(
      fc.oneof(leaf, fields(leaf).map(struct), fc.array(fields(leaf).map(struct)).map(list)),
    );
    fc.assert(
      fc.property(nested, (written) => {
        const sink = createByteSink();
        putThriftStruct(sink, written);
        expect(readThriftStruct(bytesOfSink(sink).slice())).toEqual(written);
      }),
    );
  });

  it("ends with any bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void readThriftStruct(bytes)));
  });
});
