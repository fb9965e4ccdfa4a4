import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addDays, type Day } from "../../src/day.ts";
import type { KeyEntry } from "../../src/keyring/keyring.ts";
import { type KeyHistory, owedRecords } from "../../src/keyring/plan-records.ts";

const day = "2026-11-22" as Day;
const stamp = { at: "2026-11-22T12:00:00.000Z", clock: "system" } as const;

function key(index: number, createdAt: string): KeyEntry {
  const made = { view: "raw", retentionClass: "standard", destroyedAt: undefined } as const;
  return { ...made, day: addDays(day, index), recipient: `age1${index}`, createdAt };
}

const empty: KeyHistory = {
  entries: [],
  exports: [],
  published: undefined,
  providerKeys: ["ed25519:first"],
  newCustodian: undefined,
  recorded: [],
  stamp,
};

const full: KeyHistory = {
  ...empty,
  entries: [key(0, "2026-01-01T00:00:00.000Z"), key(1, "2026-01-01T00:00:00.000Z"), key(2, stamp.at)],
  exports: [
    {
      number: 1,
      at: "2026-02-01T00:00:00.000Z",
      sha256: "aa",
      keys: 2,
      newestKeyAt: undefined,
      gone: { at: "2026-03-01T00:00:00.000Z", reason: "burnt" },
    },
  ],
  published: { generation: 3, sha256: "bb", lastDay: day },
  providerKeys: ["ed25519:first", "ed25519:second"],
  newCustodian: "age1new",
};

describe("owedRecords", () => {
  it("owes nothing for an empty keyring: its first provider and custodian came with it", () => {
    expect(owedRecords(empty)).toEqual([]);
  });

  it("records keys by when they were made, the published snapshot, exports and rotations", () => {
    expect(owedRecords(full)).toEqual([
      {
        kind: "keys-made",
        at: "2026-01-01T00:00:00.000Z",
        clock: "system",
        keys: 2,
        firstDay: "2026-11-22",
        lastDay: "2026-11-23",
      },
      { kind: "keys-made", ...stamp, keys: 1, firstDay: "2026-11-24", lastDay: "2026-11-24" },
      { kind: "recipients-published", ...stamp, generation: 3, sha256: "bb", lastDay: day },
      {
        kind: "keys-exported",
        at: "2026-02-01T00:00:00.000Z",
        clock: "system",
        number: 1,
        sha256: "aa",
        keys: 2,
      },
      { kind: "export-gone", at: "2026-03-01T00:00:00.000Z", clock: "system", number: 1, reason: "burnt" },
      { kind: "keys-rotated", ...stamp, what: "provider", key: "ed25519:second" },
      { kind: "keys-rotated", ...stamp, what: "custodian", key: "age1new" },
    ]);
  });

  it("owes nothing again once all is recorded", () => {
    expect(owedRecords({ ...full, recorded: owedRecords(full) })).toEqual([]);
  });

  it("owes what is left when only some was recorded, and never anything twice", () => {
    const all = owedRecords(full);
    fc.assert(
      fc.property(fc.subarray([...all]), (recorded) => {
        const owed = owedRecords({ ...full, recorded });
        expect(owed).toEqual(all.filter((record) => !recorded.includes(record)));
      }),
    );
  });

  it("records the rest of keys that were made in two runs of the same instant", () => {
    const recorded = owedRecords({ ...empty, entries: [key(0, stamp.at)] });
    expect(owedRecords({ ...empty, entries: [key(0, stamp.at), key(1, stamp.at)], recorded })).toMatchObject([
      { kind: "keys-made", keys: 1 },
    ]);
  });

  it("records a snapshot that somebody published with the same generation", () => {
    const recorded = owedRecords(full);
    const published = { generation: 3, sha256: "cc", lastDay: day };
    expect(owedRecords({ ...full, published, recorded })).toMatchObject([{ generation: 3, sha256: "cc" }]);
  });
});
