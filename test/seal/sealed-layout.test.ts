import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CHUNK_BYTES,
  chunkRange,
  chunksFor,
  type SealedLayout,
  sealedLayout,
  sealedSize,
} from "../../src/seal/sealed-layout.ts";

const HEADER_BYTES = 168;

function layoutOf(plainSizeBytes: number): SealedLayout {
  const layout = sealedLayout(sealedSize(plainSizeBytes, HEADER_BYTES), HEADER_BYTES);
  if (layout === undefined) throw new Error("no layout");
  return layout;
}

describe("the layout of a sealed object", () => {
  it.each([
    [0, 1, 200],
    [1, 1, 201],
    [65_536, 1, 65_736],
    [65_537, 2, 65_753],
    [131_072, 2, 131_288],
  ])("of %i plain bytes has %i chunks in %i bytes", (plainSizeBytes, chunks, sealedSizeBytes) => {
    expect(sealedSize(plainSizeBytes, HEADER_BYTES)).toBe(sealedSizeBytes);
    expect(layoutOf(plainSizeBytes)).toEqual({
      sealedSizeBytes,
      plainSizeBytes,
      nonceStart: 168,
      payloadStart: 184,
      chunks,
    });
  });

  it.each([0, 168, 184, 199, 184 + 65_552 + 1, 184 + 65_552 + 15, 184 + 65_552 + 16])(
    "is none of %i bytes, for no object is so long",
    (sealedSizeBytes) => {
      expect(sealedLayout(sealedSizeBytes, HEADER_BYTES)).toBeUndefined();
    },
  );

  it("follows from the size alone, beyond 4 GiB too", () => {
    fc.assert(
      fc.property(fc.nat(2 ** 40), (plainSizeBytes) => {
        expect(layoutOf(plainSizeBytes).plainSizeBytes).toBe(plainSizeBytes);
      }),
    );
  });

  it("has its chunks end to end, from behind the nonce to the end", () => {
    for (const plainSizeBytes of [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES - 1]) {
      const layout = layoutOf(plainSizeBytes);
      let at = layout.payloadStart;
      for (let index = 0; index < layout.chunks; index++) {
        const { start, end } = chunkRange(layout, index);
        expect(start).toBe(at);
        at = end;
      }
      expect(at).toBe(layout.sealedSizeBytes);
    }
  });

  it.each([
    [0, 1, 0, 0],
    [65_535, 65_536, 0, 0],
    [65_535, 65_537, 0, 1],
    [65_536, 131_072, 1, 1],
    [0, 131_073, 0, 2],
    [131_072, 131_073, 2, 2],
  ])("has plain bytes %i up to %i in chunks %i to %i", (start, end, first, last) => {
    expect(chunksFor(layoutOf(131_073), { start, end })).toEqual({ first, last });
  });

  it.each([
    [-1, 1],
    [5, 5],
    [6, 5],
    [0, 131_074],
  ])("has no plain bytes %i up to %i", (start, end) => {
    expect(() => chunksFor(layoutOf(131_073), { start, end })).toThrow(RangeError);
  });
});
