import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dueKeys } from "../../retention/due-keys.ts";
import { planPurge } from "../../retention/plan-purge.ts";
import type { RetentionPolicy } from "../../retention/rule-for.ts";
import { addDays } from "../../src/day.ts";
import type { KeyEntry } from "../../src/keyring/keyring.ts";
import { type DayKeyName, formatDayKey } from "../../src/seal/day-key-name.ts";
import { TERM_MAX } from "../../src/term.ts";
import { nearDay } from "../support/any-day.ts";
import { dayOf, keyOf, listingsOf } from "../support/purge-objects.ts";

const policy: RetentionPolicy = {
  classes: {
    standard: { raw: TERM_MAX, analytics: TERM_MAX },
    short: { raw: { count: 30, unit: "d" }, analytics: TERM_MAX },
  },
  quarantineTerm: { count: 90, unit: "d" },
};

function entry(name: DayKeyName, destroyedAt?: string): KeyEntry {
  return { ...name, recipient: "age1…", createdAt: "2024-01-01T00:00:00Z", destroyedAt };
}

const anyName: fc.Arbitrary<DayKeyName> = fc.record({
  view: fc.constantFrom("raw", "quarantine"),
  day: nearDay,
  retentionClass: fc.constantFrom("standard", "short", "no-longer-known"),
});

describe("dueKeys", () => {
  it("names a key exactly when an object that is sealed for it is due", () => {
    fc.assert(
      fc.property(fc.array(anyName, { maxLength: 8 }), nearDay, (names, today) => {
        const listed = (view: "raw" | "quarantine"): { key: string; sizeBytes: number }[] =>
          names
            .filter((name) => name.view === view)
            .map(({ day, retentionClass }) => ({ key: keyOf(view, day, retentionClass), sizeBytes: 1 }));
        const listings = listingsOf({ raw: listed("raw"), quarantine: listed("quarantine") });
        const { destroy } = planPurge({ listings, policy, today });
        const due = dueKeys(
          names.map((name) => entry(name)),
          policy,
          today,
        );
        const dueObjects = destroy.map(({ view, day, retentionClass }) => `${view}/${day}/${retentionClass}`);
        expect(due.map(formatDayKey).sort()).toEqual(dueObjects.sort());
      }),
    );
  });

  it("keeps the key of the last day of a term, and names it on the day behind", () => {
    const name: DayKeyName = { view: "raw", day: dayOf("2026-10-23"), retentionClass: "short" };
    const lastDay = dayOf("2026-11-22");
    expect(dueKeys([entry(name)], policy, lastDay)).toEqual([]);
    expect(dueKeys([entry(name)], policy, addDays(lastDay, 1))).toEqual([name]);
  });

  it("names none that is destroyed already", () => {
    const name: DayKeyName = { view: "raw", day: dayOf("2020-01-01"), retentionClass: "standard" };
    expect(dueKeys([entry(name, "2022-01-02T02:17:00Z")], policy, dayOf("2026-11-22"))).toEqual([]);
  });
});
