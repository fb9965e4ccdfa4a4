import fc from "fast-check";
import { deltaBinaryUnpack } from "hyparquet/src/delta.js";
import { describe, expect, it } from "vitest";
import { bytesOfSink, createByteSink } from "../../../src/parquet/byte-sink.ts";
import { DELTA_MAGNITUDE_MAX, putDeltas } from "../../../src/parquet/delta-packing.ts";

function readBack(bytes: Uint8Array, count: number): number[] {
  const output = new BigInt64Array(count);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  deltaBinaryUnpack({ view, offset: 0 }, count, output);
  return Array.from(output, Number);
}

function packed(values: readonly number[]): Uint8Array {
  const sink = createByteSink(1);
  putDeltas(sink, Float64Array.from(values));
  return bytesOfSink(sink);
}

const anyInteger = fc.integer({ min: -DELTA_MAGNITUDE_MAX, max: DELTA_MAGNITUDE_MAX });

describe("putDeltas", () => {
  it("writes integers of any size up to its limit so that they read back", () => {
    const lists = fc.oneof(
      fc.array(anyInteger, { maxLength: 400, size: "max" }),
      fc.array(fc.oneof({ weight: 9, arbitrary: fc.nat(1000) }, anyInteger), { maxLength: 400, size: "max" }),
    );
    fc.assert(
      fc.property(lists, (values) => {
        expect(readBack(packed(values), values.length)).toEqual(values);
      }),
    );
  });

  it("reads back at the ends of its range", () => {
    const values = [DELTA_MAGNITUDE_MAX, -DELTA_MAGNITUDE_MAX, DELTA_MAGNITUDE_MAX, 0, -1, 1];
    expect(readBack(packed(values), values.length)).toEqual(values);
  });

  it.each([0, 1, 2, 32, 33, 128, 129, 130, 257])(
    "reads back %i values, around the ends of its blocks",
    (count) => {
      const values = Array.from({ length: count }, (_, index) => (index * 7919) % 1009);
      expect(readBack(packed(values), count)).toEqual(values);
    },
  );

  it("writes the bytes that the format's own example comes to in blocks of 128", () => {
    const header = [0x80, 0x01, 4, 8, 14];
    const leastDeltaAndWidths = [3, 2, 0, 0, 0];
    const miniblock = [0xc0, 0x3f, 0, 0, 0, 0, 0, 0];
    expect([...packed([7, 5, 3, 1, 2, 3, 4, 5])]).toEqual([...header, ...leastDeltaAndWidths, ...miniblock]);
  });

  it("carries nothing from one block into the next", () => {
    const wide = Array.from({ length: 129 }, (_, index) => (index % 2) * 1_000_000);
    expect(packed([...wide, 1]).length).toBe(packed(wide).length + 5);
  });

  it("takes less than a bit for each of a thousand steady steps", () => {
    const values = Array.from({ length: 1000 }, (_, index) => 1_700_000_000_000 + index * 1000);
    expect(packed(values).length).toBeLessThan(100);
  });
});
