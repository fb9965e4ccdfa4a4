import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareObjects } from "../../src/ledger/compare-objects.ts";

const key = "dt=2026-11-22/web01_standard_0.parquet";
const there = new Map([[key, 100]]);
const nothing = new Map<string, number>();

describe("compareObjects", () => {
  it("finds nothing where all is as recorded", () => {
    expect(compareObjects("raw", there, new Map([[key, { sizeBytes: 100, isDestroyed: false }]]))).toEqual(
      [],
    );
    expect(compareObjects("raw", nothing, new Map([[key, { sizeBytes: 100, isDestroyed: true }]]))).toEqual(
      [],
    );
    expect(compareObjects("raw", nothing, new Map())).toEqual([]);
  });

  it("finds what is recorded and not there", () => {
    const expected = new Map([[key, { sizeBytes: 100, isDestroyed: false }]]);
    expect(compareObjects("raw", nothing, expected)).toEqual([{ kind: "missing", view: "raw", key }]);
  });

  it("finds what has another size", () => {
    const expected = new Map([[key, { sizeBytes: 99, isDestroyed: false }]]);
    expect(compareObjects("analytics", there, expected)).toEqual([
      { kind: "changed", view: "analytics", key, sizeBytes: 100, recordedBytes: 99 },
    ]);
  });

  it("finds what is there though it was destroyed, whatever its size", () => {
    const expected = new Map([[key, { sizeBytes: 99, isDestroyed: true }]]);
    expect(compareObjects("raw", there, expected)).toEqual([{ kind: "undead", view: "raw", key }]);
  });

  it("finds what no record names", () => {
    expect(compareObjects("quarantine", there, new Map())).toEqual([
      { kind: "unrecorded", view: "quarantine", key },
    ]);
  });

  it("says one thing of each object at most, and nothing of those that are as recorded", () => {
    const names: readonly string[] = ["a", "b", "c", "d", "e"];
    const anyKey = fc.constantFrom(...names);
    const listings = fc.array(fc.tuple(anyKey, fc.nat(2)));
    const records = fc.array(
      fc.tuple(anyKey, fc.record({ sizeBytes: fc.nat(2), isDestroyed: fc.boolean() })),
    );
    fc.assert(
      fc.property(listings, records, (listing, recorded) => {
        const listed = new Map(listing);
        const expected = new Map(recorded);
        const found = compareObjects("raw", listed, expected).map((finding) => finding.key);
        const wrong = names.filter((name) => {
          const object = expected.get(name);
          const expectedBytes = object?.isDestroyed === true ? undefined : object?.sizeBytes;
          return listed.get(name) !== expectedBytes;
        });
        expect(found.sort()).toEqual(wrong);
      }),
    );
  });
});
