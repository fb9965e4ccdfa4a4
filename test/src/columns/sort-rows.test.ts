import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sortRows } from "../../../src/columns/sort-rows.ts";

const maxUint32 = 0xffff_ffff;
const anyKey = fc.oneof(
  fc.integer({ min: 0, max: 5 }),
  fc.integer({ min: 0, max: maxUint32 }),
  fc.constantFrom(0, 2047, 2048, 0x3f_ffff, 0x40_0000, maxUint32),
);

describe("sortRows", () => {
  it("orders rows by their keys and keeps the order of those that are equal, as a stable sort would", () => {
    fc.assert(
      fc.property(
        fc.array(anyKey, { maxLength: 300 }),
        fc.array(fc.nat(), { maxLength: 300 }),
        (numbers, picks) => {
          const keys = Uint32Array.from(numbers);
          const rows = Uint32Array.from(keys.length === 0 ? [] : picks.map((pick) => pick % keys.length));
          const before = rows.slice();
          const sorted = sortRows(rows, keys);
          expect([...sorted]).toEqual([...rows].sort((a, b) => (keys[a] as number) - (keys[b] as number)));
          expect(rows).toEqual(before);
          expect(sorted).not.toBe(rows);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("sorts by several keys when the least important one comes first", () => {
    const hours = Uint32Array.of(3, 1, 2, 1);
    const sites = Uint32Array.of(1, 1, 0, 0);
    expect([...sortRows(sortRows(Uint32Array.of(0, 1, 2, 3), hours), sites)]).toEqual([3, 2, 1, 0]);
  });
});
