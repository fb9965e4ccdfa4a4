import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAnalyticsOrder } from "../../anonymize/order-analytics.ts";
import type { BytesColumn, NumberColumn } from "../../src/columns/column.ts";
import { type AnalyticsColumnName, analyticsSchema } from "../../src/schema/analytics-schema.ts";
import type { AnalyticsColumns } from "../../src/schema/table-columns.ts";
import { rowsOf } from "./support/raw-columns-of.ts";

type Row = Partial<Record<AnalyticsColumnName, string | number | boolean>>;

/** Columns whose dictionaries hold every row's value anew, in the order of the rows: the worst that is allowed. */
function columnsOf(rows: readonly Row[]): AnalyticsColumns {
  const columns = Object.entries(analyticsSchema.columns).map(([name, { type }]) => {
    const cells = rows.map((row) => row[name as AnalyticsColumnName]);
    if (type === "text") return [name, textsOf(cells)];
    if (type === "boolean")
      return [name, { kind: "boolean", values: Uint8Array.from(cells, (cell) => (cell === true ? 1 : 0)) }];
    const values = Float64Array.from(cells, (cell) => (cell === undefined ? Number.NaN : Number(cell)));
    return [name, { kind: "number", values } satisfies NumberColumn];
  });
  return Object.fromEntries(columns) as AnalyticsColumns;
}

function textsOf(cells: readonly (string | number | boolean | undefined)[]): BytesColumn {
  const texts = cells.map((cell) => (cell === undefined ? "" : String(cell)));
  const offsets = new Uint32Array(texts.length + 1);
  for (const [i, text] of texts.entries()) offsets[i + 1] = (offsets[i] ?? 0) + Buffer.byteLength(text);
  const codes = Uint32Array.from(cells, (cell, i) => (cell === undefined ? 0 : i + 1));
  return {
    kind: "bytes",
    codes,
    values: { bytes: Buffer.from(texts.join("")), offsets, size: texts.length },
  };
}

function ordered(rows: readonly Row[], which = rows.map((_, i) => i)): ReturnType<typeof rowsOf> {
  const columns = columnsOf(rows);
  return rowsOf(columns, createAnalyticsOrder(columns)(Uint32Array.from(which)));
}

const anyRow: fc.Arbitrary<Row> = fc.record(
  {
    time: fc.constantFrom(0, 3_600_000, 1_790_000_000_000 - (1_790_000_000_000 % 3_600_000)),
    domain: fc.constantFrom("a.nl", "b.nl", "a.n", "é", "\u{1F600}", "\uFFFD"),
    path: fc.constantFrom("/", "/a", "/a/b", ""),
    status: fc.constantFrom(200, 404, 304),
    bytes_sent: fc.constantFrom(0, 1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 40),
    is_bot: fc.boolean(),
    visitor_first_of_day: fc.boolean(),
  },
  { requiredKeys: [] },
);

describe("createAnalyticsOrder", () => {
  it("sorts by domain, then hour, then path, then the rest, nothing before anything", () => {
    const rows: Row[] = [
      { domain: "b.nl", time: 0, path: "/" },
      { domain: "a.nl", time: 3_600_000, path: "/" },
      { domain: "a.nl", time: 0, path: "/b", status: 200 },
      { domain: "a.nl", time: 0, path: "/a", status: 404 },
      { domain: "a.nl", time: 0, path: "/a", status: 200 },
      { domain: "a.nl", time: 0, path: "/a" },
      { domain: "a.nl", time: 0 },
    ];
    const columns = columnsOf(rows);
    expect([...createAnalyticsOrder(columns)(Uint32Array.of(0, 1, 2, 3, 4, 5, 6))]).toEqual([
      6, 5, 4, 3, 2, 1, 0,
    ]);
  });

  it("sorts text by its bytes and byte counts of any size by value", () => {
    const domains = ordered(["\u{1F600}", "\uFFFD", "z", "é", "a"].map((domain) => ({ domain })));
    expect(domains.map((row) => row["domain"])).toEqual(["a", "z", "é", "\uFFFD", "\u{1F600}"]);
    const sizes = ordered([2 ** 40, 5, 2 ** 32 + 1, 2 ** 32, 0].map((bytes_sent) => ({ bytes_sent })));
    expect(sizes.map((row) => row["bytes_sent"])).toEqual([0, 5, 2 ** 32, 2 ** 32 + 1, 2 ** 40]);
  });

  it("gives exactly the rows that it was given", () => {
    const columns = columnsOf([{ domain: "c" }, { domain: "b" }, { domain: "a" }]);
    expect([...createAnalyticsOrder(columns)(Uint32Array.of(0, 2))]).toEqual([2, 0]);
    expect([...createAnalyticsOrder(columns)(new Uint32Array())]).toEqual([]);
  });

  it("tells nothing about the order of raw: the same rows in any order come out the same", () => {
    const shuffled = fc
      .array(anyRow, { maxLength: 40 })
      .chain((rows) => fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length })));
    fc.assert(
      fc.property(shuffled, ([rows, others]) => {
        expect(ordered(others)).toEqual(ordered(rows));
        expect(ordered(rows, rows.map((_, i) => i).toReversed())).toEqual(ordered(rows));
      }),
      { numRuns: 100 },
    );
  });
});
