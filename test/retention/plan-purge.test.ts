import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type PurgePlan, planPurge } from "../../retention/plan-purge.ts";
import type { RetentionPolicy } from "../../retention/rule-for.ts";
import { addDays, type Day } from "../../src/day.ts";
import type { StoredObject } from "../../src/store/object-store.ts";
import { exceeds, TERM_MAX, type Term } from "../../src/term.ts";
import { type View, views } from "../../src/view.ts";
import { nearDay } from "../support/any-day.ts";
import { dayOf, keyOf, listingsOf } from "../support/purge-objects.ts";

const policy: RetentionPolicy = {
  classes: {
    standard: { raw: TERM_MAX, analytics: TERM_MAX },
    shop: { raw: { count: 180, unit: "d" }, analytics: TERM_MAX },
  },
  quarantineTerm: { count: 90, unit: "d" },
};

function planOf(view: View, keys: readonly string[], today: string): PurgePlan {
  const listings = listingsOf({ [view]: keys.map((key) => ({ key, sizeBytes: 1 })) });
  return planPurge({ listings, policy, today: dayOf(today) });
}

describe("planPurge", () => {
  const key = keyOf("raw", "2024-11-22");

  it("keeps an object through the last day of its term", () => {
    const { keep, destroy } = planOf("raw", [key], "2026-11-22");
    expect(destroy).toEqual([]);
    expect(keep).toMatchObject([
      { key, because: { kind: "term", lastDay: "2026-11-22", rule: { kind: "class", term: TERM_MAX } } },
    ]);
  });

  it("destroys it the day after, and says since when that was due", () => {
    const { keep, destroy } = planOf("raw", [key], "2026-11-23");
    expect(keep).toEqual([]);
    expect(destroy).toMatchObject([{ key, view: "raw", day: "2024-11-22", dueDay: "2026-11-23" }]);
  });

  it("destroys what was missed, however long ago", () => {
    expect(planOf("raw", [key], "2031-01-01").destroy).toMatchObject([{ dueDay: "2026-11-23" }]);
  });

  it("gives each view of a class its own term", () => {
    const shop = keyOf("analytics", "2026-01-01", "shop");
    expect(planOf("analytics", [shop], "2026-11-22").keep).toHaveLength(1);
    expect(planOf("raw", [keyOf("raw", "2026-01-01", "shop")], "2026-11-22").destroy).toMatchObject([
      { dueDay: "2026-07-01", rule: { kind: "class", term: { count: 180, unit: "d" } } },
    ]);
  });

  it("keeps a class that the config no longer knows for the longest term, and says so", () => {
    for (const unknown of ["old", "constructor"]) {
      const old = keyOf("raw", "2024-11-22", unknown);
      expect(planOf("raw", [old], "2026-11-22").keep).toMatchObject([
        { because: { lastDay: "2026-11-22", rule: { kind: "ceiling", term: TERM_MAX } } },
      ]);
      expect(planOf("raw", [old], "2026-11-23").destroy).toMatchObject([{ rule: { kind: "ceiling" } }]);
    }
  });

  it("gives quarantine one term, whatever the class", () => {
    for (const retentionClass of ["standard", "shop", "old"]) {
      const line = keyOf("quarantine", "2026-08-24", retentionClass);
      expect(planOf("quarantine", [line], "2026-11-22").keep).toHaveLength(1);
      expect(planOf("quarantine", [line], "2026-11-23").destroy).toMatchObject([
        { dueDay: "2026-11-23", rule: { kind: "quarantine", term: { count: 90, unit: "d" } } },
      ]);
    }
  });

  it.each([
    "readme.txt",
    "dt=2001-01-01/",
    "dt=2001-02-31/web-1_standard_00000000000000000000000000000000.parquet",
    "dt=2001-01-01/web-1_standard_0.parquet",
    "dt=2001-01-01/web-1_standard_00000000000000000000000000000000.parquet.tmp",
    "dt=2001-01-01/web_1_standard_00000000000000000000000000000000.parquet",
    "x/dt=2001-01-01/web-1_standard_00000000000000000000000000000000.parquet",
  ])("never destroys %j, which hostlog does not write", (foreign) => {
    expect(planOf("raw", [foreign], "2026-11-22")).toMatchObject({
      destroy: [],
      keep: [],
      unrecognised: [{ view: "raw", key: foreign, sizeBytes: 1 }],
    });
  });

  it("keeps what is of the last day of the calendar", () => {
    expect(planOf("raw", [keyOf("raw", "9999-12-31")], "9999-12-31").keep).toHaveLength(1);
  });
});

const usualTerm: fc.Arbitrary<Term> = fc
  .record({ count: fc.integer({ min: 1, max: 730 }), unit: fc.constantFrom("d", "w", "m", "y") })
  .filter((term) => !exceeds(term, TERM_MAX));

const anyPolicy: fc.Arbitrary<RetentionPolicy> = fc.record({
  classes: fc.dictionary(
    fc.constantFrom("standard", "shop", "blog"),
    fc.record({ raw: usualTerm, analytics: usualTerm }),
  ),
  quarantineTerm: fc.record({ count: fc.integer({ min: 1, max: 90 }), unit: fc.constant("d") }),
});

const anyListing = (view: View): fc.Arbitrary<readonly StoredObject[]> =>
  fc.uniqueArray(
    fc.record({
      key: fc.oneof(
        {
          weight: 5,
          arbitrary: fc
            .tuple(nearDay, fc.constantFrom("standard", "shop", "old"), fc.nat(9))
            .map(([day, name, n]) => keyOf(view, day, name, n)),
        },
        { weight: 1, arbitrary: fc.string() },
      ),
      sizeBytes: fc.nat(),
    }),
    { selector: ({ key }) => key, maxLength: 30 },
  );

const anyListings = fc.record({
  raw: anyListing("raw"),
  analytics: anyListing("analytics"),
  quarantine: anyListing("quarantine"),
});

function names(objects: PurgePlan["unrecognised"]): readonly string[] {
  return objects.map(({ view, key }) => `${view} ${key}`);
}

describe("planPurge, for any store and any policy", () => {
  it("accounts for every object exactly once", () => {
    fc.assert(
      fc.property(anyListings, anyPolicy, nearDay, (listings, anyOne, today) => {
        const { destroy, keep, unrecognised } = planPurge({ listings, policy: anyOne, today });
        const planned = names([...destroy, ...keep, ...unrecognised]);
        const listed = views.flatMap((view) => listings[view].map(({ key }) => `${view} ${key}`));
        expect([...planned].sort()).toEqual([...listed].sort());
      }),
    );
  });

  it("never un-expires: what is destroyed today would be destroyed on any later day", () => {
    fc.assert(
      fc.property(anyListings, anyPolicy, nearDay, fc.nat(1000), (listings, anyOne, today, days) => {
        const now = names(planPurge({ listings, policy: anyOne, today }).destroy);
        const later = names(planPurge({ listings, policy: anyOne, today: addDays(today, days) }).destroy);
        expect(later).toEqual(expect.arrayContaining([...now]));
      }),
    );
  });

  it("leaves nothing to destroy once it has been carried out", () => {
    fc.assert(
      fc.property(anyListings, anyPolicy, nearDay, (listings, anyOne, today) => {
        const gone = new Set(names(planPurge({ listings, policy: anyOne, today }).destroy));
        const rest = (view: View): readonly StoredObject[] =>
          listings[view].filter(({ key }) => !gone.has(`${view} ${key}`));
        const left = { raw: rest("raw"), analytics: rest("analytics"), quarantine: rest("quarantine") };
        expect(planPurge({ listings: left, policy: anyOne, today }).destroy).toEqual([]);
      }),
    );
  });

  it("never keeps more under a shorter term", () => {
    fc.assert(
      fc.property(anyListings, usualTerm, usualTerm, nearDay, (listings, a, b, today) => {
        if (exceeds(a, b)) return;
        const under = (term: Term): readonly string[] =>
          names(
            planPurge({
              listings,
              policy: { classes: { standard: { raw: term, analytics: term } }, quarantineTerm: term },
              today,
            }).keep,
          );
        expect(under(b)).toEqual(expect.arrayContaining([...under(a)]));
      }),
    );
  });

  it("destroys exactly what became due on or before today", () => {
    fc.assert(
      fc.property(anyListings, anyPolicy, nearDay, (listings, anyOne, today: Day) => {
        const { destroy, keep } = planPurge({ listings, policy: anyOne, today });
        for (const { dueDay } of destroy) expect(dueDay <= today).toBe(true);
        for (const { because } of keep) expect(because.lastDay >= today).toBe(true);
      }),
    );
  });
});
