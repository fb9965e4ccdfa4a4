import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { appendBytes, createByteList } from "../../../src/columns/column.ts";
import { rankValues } from "../../../src/columns/rank-values.ts";

function ranksOf(values: readonly Uint8Array[]): number[] {
  const list = createByteList(1, 0);
  for (const value of values) appendBytes(list, value, 0, value.length);
  return [...rankValues(list)];
}

describe("rankValues", () => {
  it("gives equal values equal ranks, and ranks without gaps in the order of the bytes", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 4, max: 3 })), (values) => {
        const names = values.map((value) => Buffer.from(value).toString("hex"));
        const order = [...new Set(names)].sort();
        expect(ranksOf(values)).toEqual(names.map((name) => order.indexOf(name)));
      }),
    );
  });

  it("puts a value before those that it begins, and high bytes last", () => {
    expect(ranksOf(["b", "", "ab", "é", "a"].map((text) => Buffer.from(text)))).toEqual([3, 0, 2, 4, 1]);
  });

  it("ranks nothing for an empty list", () => {
    expect(ranksOf([])).toEqual([]);
  });
});
