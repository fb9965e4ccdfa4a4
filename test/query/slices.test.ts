import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { slicesOf } from "../../query/slices.ts";

const all = { fromMs: 0, toMs: 1e9 };

describe("slicesOf", () => {
  it("joins minutes up to the limit", () => {
    const counts = [2, 3, 4].map((rows, index) => ({ minute: index * 10, rows }));
    expect(slicesOf(counts, all, 5)).toEqual([
      { fromMs: 0, toMs: 660_000, rows: 5 },
      { fromMs: 1_200_000, toMs: 1_260_000, rows: 4 },
    ]);
  });

  it("leaves a minute whole that has more than the limit", () => {
    expect(slicesOf([{ minute: 1, rows: 9 }], all, 5)).toEqual([{ fromMs: 60_000, toMs: 120_000, rows: 9 }]);
  });

  it("stays inside the range that is asked for", () => {
    expect(slicesOf([{ minute: 1, rows: 1 }], { fromMs: 60_005, toMs: 60_010 }, 5)).toEqual([
      { fromMs: 60_005, toMs: 60_010, rows: 1 },
    ]);
  });

  it("holds every minute once, in order, and keeps to the limit where it can", () => {
    const anyCounts = fc
      .uniqueArray(fc.record({ minute: fc.nat(10_000), rows: fc.integer({ min: 1, max: 50 }) }), {
        selector: ({ minute }) => minute,
      })
      .map((counts) => counts.toSorted((a, b) => a.minute - b.minute));
    fc.assert(
      fc.property(anyCounts, (counts) => {
        const slices = slicesOf(counts, all, 60);
        for (const { minute } of counts) {
          const holders = slices.filter(
            ({ fromMs, toMs }) => fromMs <= minute * 60_000 && minute * 60_000 < toMs,
          );
          expect(holders).toHaveLength(1);
        }
        expect(slices.every(({ rows }) => rows <= 60)).toBe(true);
        for (const [index, { fromMs }] of slices.entries())
          expect(fromMs).toBeGreaterThanOrEqual(slices[index - 1]?.toMs ?? 0);
      }),
    );
  });
});
