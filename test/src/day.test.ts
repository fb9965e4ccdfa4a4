import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, it } from "vitest";
import {
  addDays,
  dayOfEpochDay,
  dayOfMs,
  daysBetween,
  daysInMonth,
  epochDay,
  formatDay,
  LAST_DAY,
  parseDay,
  startMs,
} from "../../src/day.ts";
import { anyDay } from "../support/any-day.ts";

describe("parseDay", () => {
  it("reads a day of the calendar", () => {
    expect(parseDay("2024-02-29")).toBe("2024-02-29");
    expect(parseDay("2000-02-29")).toBe("2000-02-29");
  });

  it.each([
    "2026-02-29",
    "2100-02-29",
    "2026-02-31",
    "2026-04-31",
    "2026-00-10",
    "2026-13-10",
    "2026-01-00",
    "2026-1-1",
    "+010000-01-01",
    "2026-01-01T00:00",
    "2026-01-01\n",
    "",
  ])("refuses %j, which is none", (text) => {
    expect(parseDay(text)).toBeUndefined();
  });

  it("reads exactly the days that Temporal knows", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9999 }),
        twoDigits(14),
        twoDigits(33),
        (year, month, dayOfMonth) => {
          const text = `${String(year).padStart(4, "0")}-${month}-${dayOfMonth}`;
          expect(parseDay(text) !== undefined).toBe(isDayForTemporal(text));
        },
      ),
    );
  });
});

function twoDigits(max: number): fc.Arbitrary<string> {
  return fc.integer({ min: 0, max }).map((value) => String(value).padStart(2, "0"));
}

function isDayForTemporal(text: string): boolean {
  try {
    Temporal.PlainDate.from(text, { overflow: "reject" });
    return true;
  } catch {
    return false;
  }
}

describe("dayOfMs", () => {
  it("gives the UTC day, also before 1970 and at its first and last millisecond", () => {
    expect(dayOfMs(0)).toBe("1970-01-01");
    expect(dayOfMs(-1)).toBe("1969-12-31");
    expect(dayOfMs(86_399_999)).toBe("1970-01-01");
    expect(dayOfMs(86_400_000)).toBe("1970-01-02");
    expect(dayOfMs(Date.UTC(2038, 0, 19, 3, 14, 8))).toBe("2038-01-19");
  });

  it("agrees with Date for every instant of the years 0 to 9999", () => {
    fc.assert(
      fc.property(fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 }), (ms) => {
        expect(dayOfMs(ms)).toBe(new Date(ms).toISOString().slice(0, 10));
      }),
    );
  });

  it("throws for an instant that has no day in four digits, and for none", () => {
    expect(() => dayOfMs(253_402_300_800_000)).toThrow(RangeError);
    expect(() => dayOfMs(-62_167_219_200_001)).toThrow(RangeError);
    expect(() => dayOfMs(Number.NaN)).toThrow(RangeError);
  });
});

describe("epochDay", () => {
  it("is undone by dayOfEpochDay, and agrees with Temporal, for any day", () => {
    const first = Temporal.PlainDate.from("1970-01-01");
    fc.assert(
      fc.property(anyDay, (day) => {
        expect(epochDay(day)).toBe(first.until(Temporal.PlainDate.from(day)).days);
        expect(dayOfEpochDay(epochDay(day))).toBe(day);
        expect(dayOfMs(startMs(day))).toBe(day);
      }),
    );
  });
});

describe("addDays", () => {
  it("crosses months, leap days and years", () => {
    expect(addDays(formatDay(2024, 2, 28), 1)).toBe("2024-02-29");
    expect(addDays(formatDay(2025, 2, 28), 1)).toBe("2025-03-01");
    expect(addDays(formatDay(2025, 12, 31), 1)).toBe("2026-01-01");
    expect(addDays(formatDay(2024, 3, 1), -1)).toBe("2024-02-29");
  });

  it("is what daysBetween counts", () => {
    fc.assert(
      fc.property(anyDay, anyDay, (from, to) => {
        expect(addDays(from, daysBetween(from, to))).toBe(to);
      }),
    );
  });

  it("throws past the last day", () => {
    expect(() => addDays(LAST_DAY, 1)).toThrow(RangeError);
  });
});

describe("daysInMonth", () => {
  it("agrees with Temporal for every month of four centuries", () => {
    for (let year = 1800; year < 2200; year++) {
      for (let month = 1; month <= 12; month++) {
        expect(daysInMonth(year, month)).toBe(Temporal.PlainYearMonth.from({ year, month }).daysInMonth);
      }
    }
  });
});
