import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  appendBytes,
  createByteList,
  entryOf,
  reserve,
  trimmed,
  usedBytes,
} from "../../../src/columns/column.ts";

const values = fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 200 });

describe("appendBytes", () => {
  it("keeps every value as it was, whatever room the list began with", () => {
    fc.assert(
      fc.property(
        values,
        fc.integer({ min: 0, max: 8 }),
        fc.integer({ min: 0, max: 3 }),
        (entries, bytes, size) => {
          const list = createByteList(bytes, size);
          for (const [index, entry] of entries.entries()) {
            const around = Uint8Array.from([1, ...entry, 2]);
            expect(appendBytes(list, around, 1, around.length - 1)).toBe(index);
          }
          expect(entries.map((_, index) => [...entryOf(list, index)])).toEqual(
            entries.map((entry) => [...entry]),
          );
          expect(usedBytes(list)).toBe(entries.reduce((sum, { length }) => sum + length, 0));
        },
      ),
    );
  });

  it("doubles its room, so that appending stays linear", () => {
    const list = createByteList(1, 1);
    const rooms = new Set<number>();
    for (let i = 0; i < 10_000; i++) {
      appendBytes(list, Uint8Array.of(i & 255), 0, 1);
      rooms.add(list.bytes.length).add(list.offsets.length);
    }
    expect(rooms.size).toBeLessThan(40);
  });
});

describe("reserve", () => {
  it("makes room and changes nothing", () => {
    const list = createByteList(2, 1);
    appendBytes(list, Uint8Array.of(7), 0, 1);
    reserve(list, 1000);
    expect(list.bytes.length).toBeGreaterThanOrEqual(1001);
    expect([list.size, usedBytes(list), ...entryOf(list, 0)]).toEqual([1, 1, 7]);
  });
});

describe("trimmed", () => {
  it("is a copy that holds what is used and no more", () => {
    fc.assert(
      fc.property(values, (entries) => {
        const list = createByteList();
        for (const entry of entries) appendBytes(list, entry, 0, entry.length);
        const copy = trimmed(list);
        expect(copy.bytes).toHaveLength(usedBytes(list));
        expect(copy.offsets).toHaveLength(entries.length + 1);
        list.bytes.fill(0xff);
        expect(entries.map((_, index) => [...entryOf(copy, index)])).toEqual(
          entries.map((entry) => [...entry]),
        );
      }),
    );
  });
});
