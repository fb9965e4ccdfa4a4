import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planRuns } from "../../query/plan-runs.ts";
import { portionsOf } from "../../query/portions.ts";

const nothingHeld = (): boolean => false;

describe("planRuns", () => {
  it("joins what is near, and what overlaps", () => {
    const spans = [
      { first: 9, last: 10 },
      { first: 0, last: 2 },
      { first: 2, last: 4 },
      { first: 30, last: 30 },
    ];
    expect(planRuns(spans, nothingHeld, 64)).toEqual([
      { first: 0, last: 10 },
      { first: 30, last: 30 },
    ]);
  });

  it("brings every chunk that is needed and not held, once, in spans that are not too long", () => {
    const span = fc.tuple(fc.nat(200), fc.nat(40)).map(([first, more]) => ({ first, last: first + more }));
    fc.assert(
      fc.property(
        fc.array(span),
        fc.uniqueArray(fc.nat(240)),
        fc.integer({ min: 1, max: 64 }),
        (spans, held, max) => {
          const chunksOf = ({
            first,
            last,
          }: {
            readonly first: number;
            readonly last: number;
          }): readonly number[] => Array.from({ length: last - first + 1 }, (_, index) => first + index);
          const runs = planRuns(spans, (chunk) => held.includes(chunk), max);
          const brought = runs.flatMap(chunksOf);
          expect(brought).toEqual([...new Set(brought)].sort((a, b) => a - b));
          expect(brought).toEqual(
            expect.arrayContaining(spans.flatMap(chunksOf).filter((chunk) => !held.includes(chunk))),
          );
          for (const { first, last } of runs) expect(last - first).toBeLessThan(max);
        },
      ),
    );
  });
});

describe("portionsOf", () => {
  it("holds no more at once than it may, but for a single one that is larger", () => {
    expect(portionsOf([3, 3, 3, 20, 1, 9], (size) => size, 10)).toEqual([[3, 3, 3], [20], [1, 9]]);
    expect(portionsOf([], () => 1, 10)).toEqual([]);
  });
});
