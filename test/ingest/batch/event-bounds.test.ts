import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventBounds, quarantineDay } from "../../../ingest/batch/event-bounds.ts";
import { addDays, type Day, dayOfEpochDay, daysBetween, epochDay, parseDay } from "../../../src/day.ts";
import { lastDayKept, oldestKeptDay, parseTerm, type Term } from "../../../src/term.ts";
import { nearDay } from "../../support/any-day.ts";

function day(text: string): Day {
  const parsed = parseDay(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
}

function term(text: string): Term {
  const parsed = parseTerm(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
}

const twoYears = term("2y");
const anyTerm = fc.constantFrom("1d", "7d", "30d", "90d", "26w", "6m", "1y", "18m", "2y").map(term);
const quarantineTerms = fc.constantFrom("1d", "30d", "90d", "3m").map(term);

function boundsAt(
  now: string,
  raw = "2y",
  analytics = "2y",
): { readonly latest: string; readonly today: Day; readonly oldest: readonly Day[] } {
  const bounds = eventBounds(Date.parse(now), [
    { name: "standard", raw: term(raw), analytics: term(analytics) },
  ]);
  return {
    latest: new Date(bounds.latestMs).toISOString(),
    today: dayOfEpochDay(bounds.today),
    oldest: [bounds.oldestDay, bounds.oldestRawDay, bounds.oldestAnalyticsDay].map((days) =>
      dayOfEpochDay(days[0] ?? Number.NaN),
    ),
  };
}

describe("eventBounds", () => {
  it.each([
    ["2026-11-22T00:00:00.000Z", "2026-11-22", "2026-11-23T00:00:00.000Z"],
    ["2026-11-22T23:59:59.999Z", "2026-11-22", "2026-11-23T23:59:59.999Z"],
    ["2026-12-31T12:00:00.000Z", "2026-12-31", "2027-01-01T12:00:00.000Z"],
    ["2028-02-28T12:00:00.000Z", "2028-02-28", "2028-02-29T12:00:00.000Z"],
  ])("at %s take %s for today and what is after %s for the future", (now, today, latest) => {
    expect(boundsAt(now)).toMatchObject({ today, latest });
  });

  it.each([
    ["2026-11-22T12:00:00Z", "2024-11-22"],
    ["2028-02-29T12:00:00Z", "2026-03-01"],
    ["2026-02-28T23:59:59Z", "2024-02-28"],
    ["2026-03-01T00:00:00Z", "2024-03-01"],
  ])("at %s still keep %s, and nothing older", (now, oldest) => {
    expect(boundsAt(now).oldest).toEqual([oldest, oldest, oldest]);
  });

  it("keep a line for which one view still has a place", () => {
    expect(boundsAt("2026-11-22T12:00:00Z", "30d", "1y").oldest).toEqual([
      "2025-11-22",
      "2026-10-23",
      "2025-11-22",
    ]);
    expect(boundsAt("2026-11-22T12:00:00Z", "1y", "30d").oldest).toEqual([
      "2025-11-22",
      "2025-11-22",
      "2026-10-23",
    ]);
  });

  it("are those of each class by its place in the list", () => {
    const classes = ["1d", "2d", "3d"].map((text) => ({
      name: text,
      raw: term(text),
      analytics: term(text),
    }));
    const { oldestDay, today } = eventBounds(Date.parse("2026-11-22T12:00:00Z"), classes);
    expect([...oldestDay].map((oldest) => today - oldest)).toEqual([1, 2, 3]);
  });
});

describe("quarantineDay", () => {
  it.each([
    ["of today is of today", "2026-11-22", "2026-11-22", "2026-11-22"],
    ["of last year is of today, while its own term ends later", "2026-11-22", "2025-11-22", "2026-11-22"],
    ["whose own term ends on the same day is of today", "2026-11-22", "2025-02-20", "2026-11-22"],
    ["whose own term ends a day earlier is of the day before", "2026-11-22", "2025-02-19", "2026-11-21"],
    ["on its own last day goes with it", "2026-11-22", "2024-11-22", "2026-08-24"],
    ["of 29 February goes on 28 February", "2026-02-28", "2024-02-29", "2025-11-30"],
  ])("for a line %s", (_name, receipt, estimated, expected) => {
    expect(quarantineDay(day(receipt), day(estimated), twoYears, term("90d"))).toBe(expected);
  });

  it("never lets a line outlive the raw term of its day, nor the quarantine's from receipt, and gives away no day", () => {
    fc.assert(
      fc.property(
        nearDay,
        fc.nat(800),
        anyTerm,
        quarantineTerms,
        (receipt, ageDays, rawTerm, quarantineTerm) => {
          const oldest = oldestKeptDay(receipt, rawTerm);
          const estimated = addDays(receipt, -Math.min(ageDays, daysBetween(oldest, receipt)));
          const partition = quarantineDay(receipt, estimated, rawTerm, quarantineTerm);
          const latest = lastDayKept(estimated, rawTerm);
          expect(partition <= receipt).toBe(true);
          expect(lastDayKept(partition, quarantineTerm) <= latest).toBe(true);
          expect(lastDayKept(partition, quarantineTerm) <= lastDayKept(receipt, quarantineTerm)).toBe(true);
          const isLatest =
            partition === receipt || lastDayKept(addDays(partition, 1), quarantineTerm) > latest;
          expect(isLatest).toBe(true);
          // What is stored today is not due today.
          expect(lastDayKept(partition, quarantineTerm) >= addDays(receipt, -3)).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("is exact where both terms are counted in days", () => {
    const receipt = day("2026-11-22");
    for (let age = 0; age <= 90; age++) {
      const partition = quarantineDay(receipt, addDays(receipt, -age), term("90d"), term("30d"));
      expect(daysBetween(partition, receipt)).toBe(Math.max(0, age - 60));
    }
  });

  it("holds at the ends of the calendar", () => {
    expect(quarantineDay(day("9999-12-31"), day("9999-12-31"), twoYears, term("90d"))).toBe("9999-12-31");
    expect(epochDay(quarantineDay(day("1970-01-01"), day("1970-01-01"), twoYears, term("90d")))).toBe(0);
  });
});
