import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, it } from "vitest";
import { type Day, daysBetween, LAST_DAY, parseDay } from "../../src/day.ts";
import {
  dueDay,
  exceeds,
  formatTerm,
  lastDayKept,
  oldestKeptDay,
  parseTerm,
  TERM_MAX,
  type Term,
} from "../../src/term.ts";
import { anyDay, nearDay } from "../support/any-day.ts";

function day(text: string): Day {
  const parsed = parseDay(text);
  if (parsed === undefined) throw new Error(`no day: ${text}`);
  return parsed;
}

const anyTerm: fc.Arbitrary<Term> = fc.record({
  count: fc.integer({ min: 1, max: 9999 }),
  unit: fc.constantFrom("d", "w", "m", "y"),
});

/** What a config can hold: at most about two years. */
const usualTerm = fc.oneof(
  fc.record({ count: fc.integer({ min: 1, max: 730 }), unit: fc.constant("d" as const) }),
  fc.record({ count: fc.integer({ min: 1, max: 104 }), unit: fc.constant("w" as const) }),
  fc.record({ count: fc.integer({ min: 1, max: 24 }), unit: fc.constant("m" as const) }),
  fc.record({ count: fc.integer({ min: 1, max: 2 }), unit: fc.constant("y" as const) }),
);

describe("two years", () => {
  it.each([
    { of: "2024-02-28", until: "2026-02-28", due: "2026-03-01" },
    { of: "2024-02-29", until: "2026-02-28", due: "2026-03-01" },
    { of: "2024-03-01", until: "2026-03-01", due: "2026-03-02" },
    { of: "2026-02-28", until: "2028-02-28", due: "2028-02-29" },
    { of: "2022-12-31", until: "2024-12-31", due: "2025-01-01" },
  ])("keep $of through $until, and it is due on $due", ({ of, until, due }) => {
    expect(lastDayKept(day(of), TERM_MAX)).toBe(until);
    expect(dueDay(day(of), TERM_MAX)).toBe(due);
  });

  it("do not purge a day too many on a leap day, as a cut-off computed backwards would", () => {
    const today = day("2028-02-29");
    expect(lastDayKept(day("2026-02-28"), TERM_MAX) < today).toBe(true);
    expect(lastDayKept(day("2026-03-01"), TERM_MAX) < today).toBe(false);
  });
});

describe("lastDayKept", () => {
  it.each([
    ["2026-01-31", "1m", "2026-02-28"],
    ["2028-01-31", "1m", "2028-02-29"],
    ["2025-08-31", "18m", "2027-02-28"],
    ["2026-11-22", "90d", "2027-02-20"],
    ["2026-11-22", "26w", "2027-05-23"],
  ])("of %s and %s is %s", (from, text, expected) => {
    const term = parseTerm(text);
    expect(term && lastDayKept(day(from), term)).toBe(expected);
  });

  it("agrees with Temporal for any day and term, up to the last day that can be written", () => {
    const names = { d: "days", w: "weeks", m: "months", y: "years" } as const;
    fc.assert(
      fc.property(anyDay, anyTerm, (from, term) => {
        const end = Temporal.PlainDate.from(from).add({ [names[term.unit]]: term.count });
        expect(lastDayKept(from, term)).toBe(end.year > 9999 ? LAST_DAY : end.toString());
      }),
    );
  });

  it("never runs backwards: a later day is kept as long or longer", () => {
    fc.assert(
      fc.property(anyDay, anyDay, anyTerm, (a, b, term) => {
        const [earlier, later] = a <= b ? [a, b] : [b, a];
        expect(lastDayKept(earlier, term) <= lastDayKept(later, term)).toBe(true);
      }),
    );
  });
});

describe("oldestKeptDay", () => {
  it("is kept today, and the day before it is not", () => {
    fc.assert(
      fc.property(nearDay, usualTerm, (today, term) => {
        const oldest = oldestKeptDay(today, term);
        expect(lastDayKept(oldest, term) >= today).toBe(true);
        const before = Temporal.PlainDate.from(oldest).subtract({ days: 1 }).toString();
        expect(lastDayKept(day(before), term) < today).toBe(true);
      }),
    );
  });
});

describe("parseTerm", () => {
  it("reads days, weeks, months and years", () => {
    expect(parseTerm("90d")).toEqual({ count: 90, unit: "d" });
    expect(parseTerm("26w")).toEqual({ count: 26, unit: "w" });
    expect(parseTerm("18m")).toEqual({ count: 18, unit: "m" });
    expect(parseTerm("18mo")).toEqual({ count: 18, unit: "m" });
    expect(parseTerm("2y")).toEqual({ count: 2, unit: "y" });
  });

  it.each(["", "2", "y", "0d", "-1d", "1.5y", "2 y", "2Y", "2years", "02y", "99999d", "2y\n", "1h"])(
    "refuses %j",
    (text) => {
      expect(parseTerm(text)).toBeUndefined();
    },
  );

  it("reads what formatTerm writes", () => {
    fc.assert(
      fc.property(anyTerm, (term) => {
        expect(parseTerm(formatTerm(term))).toEqual(term);
      }),
    );
  });
});

describe("exceeds", () => {
  it.each([
    ["2y", false],
    ["24m", false],
    ["104w", false],
    ["730d", false],
    ["25m", true],
    ["3y", true],
    ["105w", true],
    // Of most days, two years are 731 days only when a leap day lies between.
    ["731d", true],
  ])("of %s and two years is %s", (text, expected) => {
    const term = parseTerm(text);
    expect(term && exceeds(term, TERM_MAX)).toBe(expected);
  });

  it("compares months with days by the longest months there are", () => {
    expect(exceeds({ count: 3, unit: "m" }, { count: 90, unit: "d" })).toBe(true);
    expect(exceeds({ count: 2, unit: "m" }, { count: 90, unit: "d" })).toBe(false);
  });

  it("is true whenever some day would be kept longer than the ceiling", () => {
    fc.assert(
      fc.property(nearDay, usualTerm, usualTerm, (from, term, ceiling) => {
        const isLonger = daysBetween(lastDayKept(from, ceiling), lastDayKept(from, term)) > 0;
        if (isLonger) expect(exceeds(term, ceiling)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
