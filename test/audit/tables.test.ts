import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createObjectTable, flag, viewOfFlags, wordsOfHex } from "../../src/audit/object-table.ts";
import { createStreamTable } from "../../src/audit/stream-table.ts";
import { type ByteSpan, coverStream } from "../../src/ledger/coverage.ts";
import { views } from "../../src/view.ts";
import { sourceOf } from "../support/recorded-batch.ts";

describe("a table of objects", () => {
  it("finds each object that was added by its view and key, and no other", () => {
    const table = createObjectTable();
    const names = Array.from({ length: 5000 }, (_, index) => `dt=2026-11-22/web_standard_${index}.parquet`);
    for (const key of names) for (const view of views) table.ensure(view, key);
    expect(table.size).toBe(15_000);
    for (const [index, key] of names.entries()) {
      expect(views.map((view) => table.find(view, key))).toEqual([index * 3, index * 3 + 1, index * 3 + 2]);
      expect(table.ensure("analytics", key)).toBe(index * 3 + 1);
    }
    expect(table.find("raw", "dt=2026-11-22/web_standard_5000.parquet")).toBe(-1);
    expect(createObjectTable().find("raw", "")).toBe(-1);
  });

  it("keeps what is said of an object while it grows, and when it is saved", () => {
    const table = createObjectTable();
    for (let number = 0; number < 3000; number++) {
      const index = table.ensure("quarantine", `${number}`);
      const { columns } = table;
      columns.sizeBytes[index] = number * 2 ** 32;
      columns.sha256.set(wordsOfHex(number.toString(16).padStart(32, "0"), 4), index * 4);
      columns.sequence[index] = number;
      columns.flags[index] = (columns.flags[index] as number) | flag.recorded;
    }
    const restored = createObjectTable({ size: table.size, parts: table.save() });
    restored.ensure("raw", "one more");
    for (const { find, columns } of [table, restored]) {
      const index = find("quarantine", "2999");
      expect(columns.sizeBytes[index]).toBe(2999 * 2 ** 32);
      expect([...columns.sha256.subarray(index * 4, index * 4 + 4)]).toEqual([0, 0, 0, 2999]);
      expect(columns.sequence[index]).toBe(2999);
      expect(viewOfFlags(columns.flags[index] as number)).toBe("quarantine");
    }
    expect(restored.find("raw", "one more")).toBe(3000);
  });

  it("takes no columns of another size", () => {
    const table = createObjectTable();
    table.ensure("raw", "a");
    expect(() => createObjectTable({ size: 2, parts: table.save() })).toThrow("another size");
  });
});

/** The bytes of spans, one by one. */
function bytesOf(spans: Iterable<ByteSpan>): readonly number[] {
  return [...spans]
    .flatMap(({ from, to }) => Array.from({ length: to - from }, (_, offset) => from + offset))
    .sort((a, b) => a - b);
}

describe("a table of streams", () => {
  const anyRanges = fc.array(
    fc
      .tuple(fc.nat(20), fc.integer({ min: 1, max: 6 }))
      .map(([from, length]) => ({ from, to: from + length })),
    { minLength: 1, maxLength: 8 },
  );

  it("knows the gaps of a stream that its whole coverage has, in whatever order its ranges come", () => {
    fc.assert(
      fc.property(anyRanges, (ranges) => {
        const table = createStreamTable();
        let hasOverlap = false;
        for (const range of ranges) hasOverlap = table.take("web01", "a", range) !== undefined || hasOverlap;
        const { gaps, overlaps } = coverStream(ranges.map(({ from, to }) => sourceOf(from, to)));
        expect(bytesOf(table.gaps())).toEqual(bytesOf(gaps));
        expect(hasOverlap).toBe(overlaps.length > 0);
      }),
    );
  });

  it("goes on in the same way when it was saved in between", () => {
    fc.assert(
      fc.property(anyRanges, anyRanges, (first, then) => {
        const whole = createStreamTable();
        const before = createStreamTable();
        for (const range of first) for (const table of [whole, before]) table.take("web01", "a", range);
        const after = createStreamTable(before.save());
        for (const range of then)
          expect(after.take("web01", "a", range)).toEqual(whole.take("web01", "a", range));
        expect([...after.gaps()]).toEqual([...whole.gaps()]);
      }),
    );
  });

  it("says which bytes were taken twice", () => {
    const table = createStreamTable();
    table.take("web01", "a", { from: 0, to: 10 });
    table.take("web01", "a", { from: 20, to: 30 });
    expect(table.take("web01", "a", { from: 10, to: 22 })).toEqual({ from: 20, to: 22 });
    expect(table.take("web01", "a", { from: 5, to: 8 })).toEqual({ from: 5, to: 8 });
    expect([...table.gaps()]).toEqual([]);
  });

  it("tells the same stream of two nodes apart, and counts streams", () => {
    const table = createStreamTable();
    for (let number = 0; number < 1000; number++) {
      expect(table.take("web01", `${number}`, { from: 0, to: 10 })).toBeUndefined();
      expect(table.take("web02", `${number}`, { from: 0, to: 10 })).toBeUndefined();
    }
    expect(table.take("web01", "999", { from: 10, to: 20 })).toBeUndefined();
    expect(table.size).toBe(2000);
  });
});
