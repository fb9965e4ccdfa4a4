import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { baselinePolicy, ruleFor } from "../../retention/rule-for.ts";
import { addDays } from "../../src/day.ts";
import { lastDayKept, TERM_MAX } from "../../src/term.ts";
import { nearDay } from "../support/any-day.ts";
import { dayOf, groupOf, policyOf } from "../support/purge-objects.ts";

describe("the day from whose 00:00 UTC a group has to be gone", () => {
  // Regulation (EEC, Euratom) 1182/71, art. 3(2)(c): a period of years ends with the same date, or the last day of that month.
  it.each([
    ["2024-02-28", "2026-03-01"],
    ["2024-02-29", "2026-03-01"],
    ["2024-03-01", "2026-03-02"],
    ["2026-02-28", "2028-02-29"],
    ["2026-03-01", "2028-03-02"],
    ["2024-12-31", "2027-01-01"],
  ])("of %s under two years is %s", (day, dueDay) => {
    expect(ruleFor(groupOf(day), policyOf())).toEqual({ kind: "class", term: "2y", dueDay });
  });

  it("is that of its view, and of its class", () => {
    const policy = {
      ...policyOf(),
      classes: { shop: { raw: { count: 30, unit: "d" }, analytics: TERM_MAX } },
    } as const;
    const shop = { retentionClass: "shop" };
    expect(ruleFor(groupOf("2026-10-01", shop), policy)).toEqual({
      kind: "class",
      term: "30d",
      dueDay: "2026-11-01",
    });
    expect(ruleFor(groupOf("2026-10-01", { ...shop, view: "analytics" }), policy).dueDay).toBe("2028-10-02");
  });

  it("of a class that the config does not know, whatever its name, is that of the longest term", () => {
    for (const retentionClass of ["old", "constructor", "tostring"]) {
      const rule = ruleFor(groupOf("2024-11-22", { retentionClass }), policyOf());
      expect(rule).toEqual({ kind: "ceiling", term: "2y", dueDay: "2026-11-23" });
    }
  });

  it("of quarantine is one for all classes", () => {
    for (const retentionClass of ["standard", "shop", "old"]) {
      const rule = ruleFor(
        groupOf("2026-08-24", { view: "quarantine", retentionClass }),
        policyOf({ shop: "7d" }),
      );
      expect(rule).toEqual({ kind: "quarantine", term: "90d", dueDay: "2026-11-23" });
    }
  });

  it("of copies for a hold is the day after the hold ends, whatever day they are of", () => {
    const policy = {
      ...policyOf(),
      holds: [{ retentionClass: "hold-0a1b2c3d", lastDay: dayOf("2026-12-31") }],
    };
    const copies = { retentionClass: "hold-0a1b2c3d" };
    for (const day of ["2024-01-01", "2026-11-01"]) {
      expect(ruleFor(groupOf(day, copies), policy)).toEqual({
        kind: "hold",
        term: "2026-12-31",
        dueDay: "2027-01-01",
      });
    }
    expect(ruleFor(groupOf("2026-11-01", { ...copies, view: "analytics" }), policy).kind).toBe("ceiling");
    // A hold that nobody placed keeps nothing.
    expect(ruleFor(groupOf("2024-01-01", { retentionClass: "hold-ffffffff" }), policy).dueDay).toBe(
      "2026-01-02",
    );
  });

  it("does not come before the calendar ends for its last day", () => {
    expect(ruleFor(groupOf("9999-12-31"), policyOf()).dueDay).toBe("9999-12-31");
  });

  it("is never later than two years allow, whatever the config does not say", () => {
    fc.assert(
      fc.property(nearDay, fc.constantFrom("standard", "old"), (day, retentionClass) => {
        const { dueDay } = ruleFor(groupOf(day, { retentionClass }), policyOf());
        expect(dueDay).toBe(addDays(lastDayKept(day, TERM_MAX), 1));
        expect(ruleFor(groupOf(day, { retentionClass }), baselinePolicy([])).dueDay).toBe(dueDay);
      }),
    );
  });
});
