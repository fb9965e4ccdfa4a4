import { describe, expect, it } from "vitest";
import { createKeyedHash } from "../../anonymize/keyed-hash.ts";

describe("createKeyedHash", () => {
  // The reference vectors: key 00 01 … 07, message 00 01 … of the given length (SipHash, vectors.h, hsip64).
  const { hashBytes, hashWords } = createKeyedHash(0x0302_0100, 0x0706_0504);

  it.each([
    [0, "218d1f59b9b83cc8"],
    [1, "be552412f8387315"],
    [2, "064f39ef7c50eb57"],
    [3, "ce0f1a45f7060679"],
  ])("hashes %i bytes as the reference does", (length, hex) => {
    const out = new Uint32Array(2);
    hashBytes(
      Uint8Array.from({ length }, (_, i) => i),
      0,
      length,
      out,
      0,
    );
    expect(hexOf(out)).toBe(hex);
  });

  it("hashes words as their bytes, wherever these lie", () => {
    const bytes = Uint8Array.from({ length: 30 }, (_, i) => i * 7);
    const words = Uint32Array.from({ length: 6 }, (_, i) =>
      new DataView(bytes.buffer).getUint32(3 + 4 * i, true),
    );
    const ofBytes = new Uint32Array(4);
    const ofWords = new Uint32Array(2);
    hashBytes(bytes, 3, 27, ofBytes, 2);
    hashWords(words, ofWords, 0);
    expect(hexOf(ofBytes.subarray(2))).toBe(hexOf(ofWords));
  });

  it("depends on both halves of the key", () => {
    expect(new Set([hashOf(1, 2), hashOf(1, 3), hashOf(2, 2), hashOf(2, 1)]).size).toBe(4);
  });
});

function hexOf(words: Uint32Array): string {
  const view = new DataView(new ArrayBuffer(8));
  for (const [i, word] of words.entries()) view.setUint32(4 * i, word, true);
  return Buffer.from(view.buffer).toString("hex");
}

function hashOf(key0: number, key1: number): string {
  const out = new Uint32Array(2);
  createKeyedHash(key0, key1).hashWords(Uint32Array.of(1, 2), out, 0);
  return hexOf(out);
}
