import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openHeader, splitHeader } from "../../src/seal/age-header.ts";
import { createChunkOpener } from "../../src/seal/chunk-opener.ts";
import { openBytes, openForIdentity } from "../../src/seal/open-bytes.ts";
import { SealBrokenError } from "../../src/seal/seal-broken-error.ts";
import { sealBytes } from "../../src/seal/seal-bytes.ts";
import { CHUNK_BYTES, chunkRange, NONCE_BYTES, sealedLayout } from "../../src/seal/sealed-layout.ts";
import { generateIdentity } from "../../src/seal/x25519.ts";

const pair = generateIdentity();

function open(sealed: Uint8Array): Uint8Array {
  return openForIdentity(sealed, pair.identity);
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const changed = Uint8Array.from(bytes);
  changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return changed;
}

describe("a sealed object that was changed", () => {
  const small = sealBytes(randomBytes(40), [pair.recipient]);
  const large = sealBytes(randomBytes(3 * CHUNK_BYTES), [pair.recipient]);

  it("does not open, whichever bit of a small one was flipped", () => {
    const fileKey = openHeader(splitHeader(small) ?? throwing(), pair.identity) ?? throwing();
    expect(openBytes(small, fileKey)).toHaveLength(40);
    for (let bit = 0; bit < small.length * 8; bit++) {
      expect(() => open(flipped(small, bit)), `bit ${bit}`).toThrow(SealBrokenError);
      expect(() => openBytes(flipped(small, bit), fileKey), `bit ${bit}`).toThrow(SealBrokenError);
    }
  });

  it("does not open, whichever bit of a large one was flipped", () => {
    fc.assert(
      fc.property(fc.nat(large.length * 8 - 1), (bit) => {
        expect(() => open(flipped(large, bit))).toThrow(SealBrokenError);
      }),
    );
  });

  it("does not open when it was cut off, anywhere in a small one", () => {
    for (let length = 0; length < small.length; length++) {
      expect(() => open(small.subarray(0, length)), `${length} bytes`).toThrow(SealBrokenError);
    }
  });

  it("does not open when it was cut off at the end of a chunk, or anywhere near it", () => {
    const layout = sealedLayout(large.length, splitHeader(large)?.length ?? 0);
    if (layout === undefined) throw new Error("no layout");
    expect(layout.chunks).toBe(3);
    for (let index = 0; index < layout.chunks; index++) {
      const { start } = chunkRange(layout, index);
      for (const length of [start - 1, start, start + 1, start + 15, start + 16, start + 17]) {
        expect(() => open(large.subarray(0, length)), `${length} bytes`).toThrow(SealBrokenError);
      }
    }
  });

  it("does not open with something behind it", () => {
    for (const more of [1, 15, 16, 17, CHUNK_BYTES, CHUNK_BYTES + 16]) {
      expect(() => open(Buffer.concat([small, randomBytes(more)])), `${more} bytes`).toThrow(SealBrokenError);
      expect(() => open(Buffer.concat([large, randomBytes(more)])), `${more} bytes`).toThrow(SealBrokenError);
    }
  });

  it("does not open with its chunks in another order, nor with another object's chunk", () => {
    const header = splitHeader(large)?.length ?? 0;
    const layout = sealedLayout(large.length, header);
    if (layout === undefined) throw new Error("no layout");
    const parts = [0, 1, 2].map((index) => {
      const { start, end } = chunkRange(layout, index);
      return large.subarray(start, end);
    });
    const before = large.subarray(0, layout.payloadStart);
    const [first = before, second = before, third = before] = parts;
    expect(() => open(Buffer.concat([before, second, first, third]))).toThrow(SealBrokenError);
    expect(() => open(Buffer.concat([before, first, third]))).toThrow(SealBrokenError);
    expect(open(Buffer.concat([before, first, second, third]))).toHaveLength(3 * CHUNK_BYTES);
  });

  it("does not open with another's key", () => {
    const other = generateIdentity();
    expect(() => openForIdentity(small, other.identity)).toThrow(SealBrokenError);
    expect(() => openBytes(small, randomBytes(16))).toThrow(SealBrokenError);
  });
});

describe("a chunk of a sealed object", () => {
  const plain = randomBytes(2 * CHUNK_BYTES + 5);
  const sealed = sealBytes(plain, [pair.recipient]);
  const header = splitHeader(sealed) ?? new Uint8Array();
  const fileKey = openHeader(header, pair.identity) ?? new Uint8Array();
  const nonce = sealed.subarray(header.length, header.length + NONCE_BYTES);

  it("opens by itself, the last one first", () => {
    const layout = sealedLayout(sealed.length, header.length);
    if (layout === undefined) throw new Error("no layout");
    const opener = createChunkOpener(layout, fileKey, nonce);
    for (const index of [2, 0, 1]) {
      const { start, end } = chunkRange(layout, index);
      const expected = plain.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES);
      expect(Buffer.compare(opener.open(index, sealed.subarray(start, end)), expected)).toBe(0);
    }
    opener.close();
  });

  it("does not open as the last one where chunks behind it were cut off", () => {
    const { end } = chunkRange(sealedLayout(sealed.length, header.length) ?? throwing(), 1);
    const shorter = sealedLayout(end, header.length);
    if (shorter === undefined) throw new Error("no layout");
    expect(shorter.chunks).toBe(2);
    const last = chunkRange(shorter, 1);
    const opener = createChunkOpener(shorter, fileKey, nonce);
    expect(() => opener.open(1, sealed.subarray(last.start, last.end))).toThrow(SealBrokenError);
  });

  it("opens at its own place only", () => {
    const layout = sealedLayout(sealed.length, header.length) ?? throwing();
    const { start, end } = chunkRange(layout, 0);
    const opener = createChunkOpener(layout, fileKey, nonce);
    expect(() => opener.open(1, sealed.subarray(start, end))).toThrow(SealBrokenError);
    expect(() => opener.open(3, sealed.subarray(start, end))).toThrow(SealBrokenError);
    const one = createChunkOpener(sealedLayout(184 + 65_552, 168) ?? throwing(), fileKey, nonce);
    expect(() => one.open(1, new Uint8Array())).toThrow(SealBrokenError);
    expect(() => opener.open(-1, sealed.subarray(start, end))).toThrow(SealBrokenError);
    expect(() => opener.open(0, sealed.subarray(start, start + 15))).toThrow(SealBrokenError);
  });
});

function throwing(): never {
  throw new Error("the object is not as it was sealed");
}
