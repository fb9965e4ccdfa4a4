import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addCommitted,
  type CommittedRanges,
  overlapsCommitted,
} from "../../../ingest/source/committed-ranges.ts";
import { sourceOf, stream } from "../../support/recorded-batch.ts";

const anyRange = fc
  .tuple(fc.nat(40), fc.integer({ min: 1, max: 8 }))
  .map(([from, length]) => [from, from + length] as const);

describe("overlapsCommitted", () => {
  it("is true when a byte of the batch is committed already, whatever was committed in whatever order", () => {
    fc.assert(
      fc.property(fc.array(anyRange), anyRange, (ranges, [from, to]) => {
        const committed: CommittedRanges = new Map();
        for (const range of ranges) addCommitted(committed, { sources: [sourceOf(...range)] });
        const isTaken = ranges.some((range) => range[0] < to && from < range[1]);
        expect(overlapsCommitted(committed, { sources: [sourceOf(from, to)] })).toBe(isTaken);
      }),
      { numRuns: 500 },
    );
  });

  it("is false for the same bytes of another stream", () => {
    const committed: CommittedRanges = new Map();
    addCommitted(committed, { sources: [sourceOf(0, 100)] });
    expect(overlapsCommitted(committed, { sources: [sourceOf(0, 100, { stream: "6".repeat(32) })] })).toBe(
      false,
    );
  });

  it("looks at every source of the batch", () => {
    const committed: CommittedRanges = new Map();
    addCommitted(committed, { sources: [sourceOf(0, 100)] });
    const sources = [sourceOf(0, 100, { stream: "6".repeat(32) }), sourceOf(200, 300), sourceOf(90, 110)];
    expect(overlapsCommitted(committed, { sources })).toBe(true);
  });
});

describe("addCommitted", () => {
  it("makes one range of a stream that was read in order", () => {
    const committed: CommittedRanges = new Map();
    for (let i = 0; i < 1000; i++) addCommitted(committed, { sources: [sourceOf(i * 10, i * 10 + 10)] });
    expect([...committed]).toEqual([[stream, [{ from: 0, to: 10_000 }]]]);
  });
});
