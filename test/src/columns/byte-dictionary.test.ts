import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  appendEntry,
  type ByteDictionary,
  clearByteDictionary,
  createByteDictionary,
  intern,
} from "../../../src/columns/byte-dictionary.ts";
import { entryOf } from "../../../src/columns/column.ts";

interface Value {
  readonly bytes: Uint8Array;
  readonly tag: number;
}

const anyValue: fc.Arbitrary<Value> = fc.record({
  // Of few letters, so that values repeat and differ in little.
  bytes: fc.oneof(fc.uint8Array({ maxLength: 9, min: 0, max: 2 }), fc.uint8Array({ maxLength: 60 })),
  tag: fc.constantFrom(0, 1, 2, 255),
});

function add(dictionary: ByteDictionary, { bytes, tag }: Value): number {
  const around = Uint8Array.from([9, ...bytes, 9]);
  return intern(dictionary, around, 1, around.length - 1, tag);
}

function read(dictionary: ByteDictionary, code: number): Value {
  return { bytes: entryOf(dictionary.values, code - 1).slice(), tag: dictionary.tags[code - 1] as number };
}

/**
 * Values of eight words that all have the same hash, whatever the seed: a multiplication leaves a difference in
 * the highest bit where it is, the shift behind it copies that difference to bit 16, and both are taken back by
 * the next word. So each pair of words has two forms.
 */
function collidingValue(number: number): Uint8Array {
  const words = new Uint32Array(32);
  for (let pair = 0; pair < 16; pair++) {
    if (((number >>> pair) & 1) === 0) continue;
    words[pair * 2] = 0x8000_0000;
    words[pair * 2 + 1] = 0x8001_0000;
  }
  return new Uint8Array(words.buffer);
}

describe("intern", () => {
  it("gives equal values of equal tag one code, and others another, as a Map would", () => {
    fc.assert(
      fc.property(fc.array(anyValue, { maxLength: 400 }), (values) => {
        const dictionary = createByteDictionary();
        const codes = new Map<string, number>();
        for (const value of values) {
          const name = `${value.tag} ${Buffer.from(value.bytes).toString("hex")}`;
          const expected = codes.get(name) ?? codes.size + 1;
          codes.set(name, expected);
          expect(add(dictionary, value)).toBe(expected);
          expect(read(dictionary, expected)).toEqual(value);
        }
        expect(dictionary.values.size).toBe(codes.size);
      }),
    );
  });

  it("finds every value again after it has grown many times", () => {
    const dictionary = createByteDictionary();
    const values = Array.from({ length: 40_000 }, (_, i) => ({
      bytes: Buffer.from(`/shop/item/${i}`),
      tag: i & 3,
    }));
    const codes = values.map((value) => add(dictionary, value));
    expect(codes).toEqual(values.map((_, i) => i + 1));
    expect(values.map((value) => add(dictionary, value))).toEqual(codes);
    expect([...dictionary.tags.subarray(0, values.length)]).toEqual(values.map(({ tag }) => tag));
  });

  it("stays right under a flood of values that collide: it may store one again, and never takes one for another", () => {
    const dictionary = createByteDictionary();
    const flood = Array.from({ length: 5000 }, (_, i) => collidingValue(i % 2500));
    const codes = flood.map((bytes) => add(dictionary, { bytes, tag: 1 }));
    expect(new Set(dictionary.hashes.subarray(0, dictionary.values.size)).size).toBe(1);
    expect(dictionary.values.size).toBeGreaterThan(2500);
    expect(
      codes.every((code, i) => Buffer.compare(read(dictionary, code).bytes, flood[i] as Uint8Array) === 0),
    ).toBe(true);
    // What others ask for is found in spite of it.
    const others = Array.from({ length: 2000 }, (_, i) => ({ bytes: Buffer.from(`agent ${i}`), tag: 0 }));
    const first = others.map((value) => add(dictionary, value));
    const again = others.map((value) => add(dictionary, value));
    const foundAgain = again.filter((code, i) => code === first[i]);
    expect(foundAgain.length).toBeGreaterThan(1900);
  });

  it("takes a time under such a flood that grows with it, and not with its square", () => {
    const cpuMsOf = (count: number): number => {
      const flood = Array.from({ length: count }, (_, i) => collidingValue(i));
      const dictionary = createByteDictionary();
      const before = process.cpuUsage();
      for (const bytes of flood) intern(dictionary, bytes, 0, bytes.length, 0);
      return process.cpuUsage(before).user / 1000;
    };
    cpuMsOf(20_000);
    // Comparing every pair of 60,000 would take minutes.
    expect(cpuMsOf(60_000)).toBeLessThan(2000);
  });
});

describe("appendEntry", () => {
  it("keeps each value and its tag, repeated ones too", () => {
    const dictionary = createByteDictionary();
    for (let i = 0; i < 3000; i++) {
      expect(appendEntry(dictionary, Buffer.from(`q=${i % 2}`), 0, 3, i % 4)).toBe(i + 1);
    }
    expect(read(dictionary, 3000)).toEqual({ bytes: Uint8Array.from(Buffer.from("q=1")), tag: 3 });
    expect(dictionary.values.size).toBe(3000);
  });
});

describe("clearByteDictionary", () => {
  it("forgets all values, so that the next batch begins at code 1", () => {
    const dictionary = createByteDictionary();
    for (let i = 0; i < 3000; i++) add(dictionary, { bytes: Buffer.from(String(i)), tag: 1 });
    clearByteDictionary(dictionary);
    expect(add(dictionary, { bytes: Buffer.from("2999"), tag: 1 })).toBe(1);
    expect(read(dictionary, 1)).toEqual({ bytes: Uint8Array.from(Buffer.from("2999")), tag: 1 });
    expect(add(dictionary, { bytes: Buffer.from("7"), tag: 1 })).toBe(2);
    expect(add(dictionary, { bytes: Buffer.from("2999"), tag: 1 })).toBe(1);
  });
});
