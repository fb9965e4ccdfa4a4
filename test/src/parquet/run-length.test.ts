import fc from "fast-check";
import { readRleBitPackedHybrid } from "hyparquet/src/encoding.js";
import { describe, expect, it } from "vitest";
import { bytesOfSink, createByteSink } from "../../../src/parquet/byte-sink.ts";
import { putRunLength, widthOf } from "../../../src/parquet/run-length.ts";

function readBack(bytes: Uint8Array, width: number, count: number): number[] {
  const output = Array.from({ length: count }, () => 0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  readRleBitPackedHybrid({ view, offset: 0 }, width, output, bytes.length);
  return output;
}

/** Numbers below 2^width, some of them in runs. */
const mixture = fc.integer({ min: 1, max: 24 }).chain((width) => {
  const part = fc.tuple(fc.nat(2 ** width - 1), fc.integer({ min: 1, max: 40 }));
  return fc.record({
    width: fc.constant(width),
    parts: fc.array(
      fc.oneof(
        part,
        part.map(([value]) => [value, 1] as const),
      ),
    ),
  });
});

describe("putRunLength", () => {
  it("writes any mixture of runs and single numbers so that it reads back", () => {
    fc.assert(
      fc.property(mixture, ({ width, parts }) => {
        const values = parts.flatMap(([value, count]) => Array.from({ length: count }, () => value));
        const sink = createByteSink(1);
        putRunLength(sink, Uint32Array.from(values), width);
        expect(readBack(bytesOfSink(sink), width, values.length)).toEqual(values);
      }),
    );
  });

  it("writes a number that fills a whole row group in four bytes", () => {
    const sink = createByteSink();
    putRunLength(sink, new Uint32Array(65_536).fill(1), 1);
    expect(bytesOfSink(sink)).toEqual(Uint8Array.of(0x80, 0x80, 0x08, 1));
  });

  it("writes only the part that is asked for", () => {
    const sink = createByteSink();
    putRunLength(sink, Uint32Array.of(9, 1, 2, 3, 9), 2, 1, 4);
    expect(readBack(bytesOfSink(sink), 2, 3)).toEqual([1, 2, 3]);
  });
});

describe("widthOf", () => {
  it("is the number of bits that the greatest number needs, at least one", () => {
    expect([0, 1, 2, 3, 4, 255, 256].map(widthOf)).toEqual([1, 1, 2, 2, 3, 8, 9]);
  });
});
