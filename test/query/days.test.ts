import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { daysOf } from "../../query/days.ts";
import { dayOfMs } from "../../src/day.ts";

const range = (from: string, to: string) => daysOf({ fromMs: Date.parse(from), toMs: Date.parse(to) });

describe("daysOf", () => {
  it("names each UTC day that the range touches", () => {
    expect(range("2026-11-21T23:59:59.999Z", "2026-11-23T00:00:00.001Z")).toEqual([
      "2026-11-21",
      "2026-11-22",
      "2026-11-23",
    ]);
  });

  it("does not name the day that the range ends before", () => {
    expect(range("2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z")).toEqual(["2026-11-22"]);
  });

  it("ends on the last day that there is", () => {
    expect(
      daysOf({ fromMs: Date.parse("9999-12-31T00:00:00Z"), toMs: Date.parse("+010000-01-01T00:00:00Z") }),
    ).toEqual(["9999-12-31"]);
  });

  it("names the day of every instant of the range and of none beside it", () => {
    const span = fc.record({
      fromMs: fc.integer({ min: 0, max: 4e12 }),
      lengthMs: fc.integer({ min: 1, max: 1e9 }),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(span, ({ fromMs, lengthMs, part }) => {
        const days = daysOf({ fromMs, toMs: fromMs + lengthMs });
        expect(days).toContain(
          dayOfMs(Math.min(fromMs + Math.floor(lengthMs * part), fromMs + lengthMs - 1)),
        );
        expect(days[0]).toBe(dayOfMs(fromMs));
        expect(days.at(-1)).toBe(dayOfMs(fromMs + lengthMs - 1));
      }),
    );
  });
});
