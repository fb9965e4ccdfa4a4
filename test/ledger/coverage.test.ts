import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addsUp, coverStream } from "../../src/ledger/coverage.ts";
import { sourceOf } from "../support/recorded-batch.ts";

const anyRanges = fc.array(
  fc
    .tuple(fc.nat(30), fc.integer({ min: 1, max: 10 }))
    .map(([from, length]) => ({ from, to: from + length })),
  { minLength: 1, maxLength: 8 },
);

function bytesOf(spans: readonly { readonly from: number; readonly to: number }[]): number[] {
  return spans.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i));
}

describe("coverStream", () => {
  it("finds no gap and no overlap where ranges meet, in whatever order the batches were", () => {
    const cover = coverStream([sourceOf(100, 300), sourceOf(0, 100), sourceOf(300, 310)]);
    expect(cover).toMatchObject({
      toByte: 310,
      coveredBytes: 310,
      lines: 31,
      stored: 31,
      gaps: [],
      overlaps: [],
    });
  });

  it("finds bytes that no batch took, at the beginning too", () => {
    expect(coverStream([sourceOf(20, 30), sourceOf(50, 60)]).gaps).toEqual([
      { from: 0, to: 20 },
      { from: 30, to: 50 },
    ]);
  });

  it("finds bytes that two batches took", () => {
    expect(coverStream([sourceOf(0, 50), sourceOf(40, 60)]).overlaps).toEqual([{ from: 40, to: 50 }]);
    expect(coverStream([sourceOf(0, 50), sourceOf(10, 20)]).overlaps).toEqual([{ from: 10, to: 20 }]);
    expect(coverStream([sourceOf(0, 50), sourceOf(0, 50)]).overlaps).toEqual([{ from: 0, to: 50 }]);
  });

  it("agrees with counting how often each byte was taken, for any ranges", () => {
    fc.assert(
      fc.property(anyRanges, (ranges) => {
        const cover = coverStream(ranges.map(({ from, to }) => sourceOf(from, to)));
        const taken = Array.from({ length: cover.toByte }, () => 0);
        for (const byte of ranges.flatMap((range) => bytesOf([range]))) taken[byte] = (taken[byte] ?? 0) + 1;
        const having = (test: (times: number) => boolean): number[] =>
          [...taken.entries()].filter(([, times]) => test(times)).map(([byte]) => byte);
        expect(bytesOf(cover.gaps)).toEqual(having((times) => times === 0));
        expect([...new Set(bytesOf(cover.overlaps))].sort((a, b) => a - b)).toEqual(
          having((times) => times > 1),
        );
        expect(cover.coveredBytes).toBe(having((times) => times > 0).length);
      }),
    );
  });

  it("adds up what became of the lines, by reason, and says where", () => {
    const cover = coverStream([
      sourceOf(100, 200, {
        stored: 6,
        quarantined: [
          [100, 110, "shape", 1],
          [130, 150, "time", 2],
        ],
        refused: [[190, 200, 1]],
      }),
      sourceOf(0, 100, { stored: 5, quarantined: [[50, 100, "shape", 5]] }),
    ]);
    expect(cover).toMatchObject({ lines: 20, stored: 11, quarantined: { shape: 6, time: 2 }, refused: 1 });
    expect(cover.quarantinedSpans).toEqual([
      { from: 50, to: 100 },
      { from: 100, to: 110 },
      { from: 130, to: 150 },
    ]);
    expect(cover.refusedSpans).toEqual([{ from: 190, to: 200 }]);
  });

  it("names each name that the file had, once", () => {
    const names = ["access.log", "access.log.1", "access.log", "access.log.1.gz"];
    const cover = coverStream(names.map((name, i) => sourceOf(i * 10, i * 10 + 10, { name })));
    expect(cover.names).toEqual(["access.log", "access.log.1", "access.log.1.gz"]);
  });
});

describe("addsUp", () => {
  it("is true when each line that was read is stored, quarantined or refused", () => {
    const source = sourceOf(0, 100, {
      stored: 6,
      quarantined: [[0, 30, "shape", 3]],
      refused: [[30, 40, 1]],
    });
    expect(addsUp(coverStream([source]))).toBe(true);
  });

  it.each([
    ["a line is missing", { stored: 9 }],
    ["a line is there twice", { stored: 11 }],
    ["a quarantined line is not counted as read", { quarantined: [[0, 10, "shape", 1]] as const }],
    ["a refused line is not counted as read", { refused: [[0, 10, 1]] as const }],
  ])("is false when %s", (_name, change) => {
    expect(addsUp(coverStream([sourceOf(0, 100, change)]))).toBe(false);
  });
});
