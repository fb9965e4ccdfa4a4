import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseInstant } from "../../config/parse-instant.ts";

describe("parseInstant", () => {
  it.each([
    ["2026-11-22", "2026-11-22T00:00:00.000Z"],
    ["2026-11-22T02:17Z", "2026-11-22T02:17:00.000Z"],
    ["2026-11-22T02:17:03.5Z", "2026-11-22T02:17:03.500Z"],
    ["2026-11-22T00:30:00+01:45", "2026-11-21T22:45:00.000Z"],
    ["2026-11-22T23:30:00-12:00", "2026-11-23T11:30:00.000Z"],
  ])("reads %s", (text, expected) => {
    expect(new Date(parseInstant(text) ?? Number.NaN).toISOString()).toBe(expected);
  });

  it.each([
    "",
    "2026-11-31",
    "2026-11-22T02:17",
    "2026-11-22T24:00Z",
    "2026-11-22 02:17Z",
    "22/11/2026",
    "1795312800",
  ])("refuses %j", (text) => {
    expect(parseInstant(text)).toBeUndefined();
  });

  it("reads what Date writes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (ms) => {
        expect(parseInstant(new Date(ms).toISOString())).toBe(ms);
      }),
    );
  });
});
