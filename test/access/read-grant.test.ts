import { describe, expect, it } from "vitest";
import { readGrant } from "../../src/access/read-grant.ts";

const nowMs = Date.parse("2026-11-22T12:00:00Z");
const HOUR_MS = 3_600_000;

describe("readGrant", () => {
  it("reads days and ranges, each day once, in order", () => {
    const days = ["2026-11-21", "2026-11-19..2026-11-20", "2026-11-20"];
    expect(readGrant(days, nowMs + HOUR_MS, nowMs)).toEqual({
      days: ["2026-11-19", "2026-11-20", "2026-11-21"],
      untilMs: nowMs + HOUR_MS,
    });
  });

  it("is no grant when neither days nor an end are given", () => {
    expect(readGrant([], undefined, nowMs)).toBeUndefined();
  });

  it.each([
    ["no days", [], nowMs + HOUR_MS, "grants nothing"],
    ["no end", ["2026-11-21"], undefined, "must end"],
    ["an end that has passed", ["2026-11-21"], nowMs, "has passed"],
    ["more than 24 hours", ["2026-11-21"], nowMs + 24 * HOUR_MS + 1, "at most 24 hours"],
    ["more than 31 days", ["2026-10-22..2026-11-22"], nowMs + HOUR_MS, "at most 31 days"],
    ["years", ["0001-01-01..9999-12-31"], nowMs + HOUR_MS, "at most 31 days"],
    ["a range that goes backwards", ["2026-11-22..2026-11-21"], nowMs + HOUR_MS, "is no day"],
    ["no day of the calendar", ["2026-02-30"], nowMs + HOUR_MS, "is no day"],
    ["a range of three", ["2026-11-20..2026-11-21..2026-11-22"], nowMs + HOUR_MS, "is no day"],
  ])("refuses %s", (_, days, untilMs, message) => {
    expect(() => readGrant(days, untilMs, nowMs)).toThrow(message);
  });

  it("takes 31 days and 24 hours", () => {
    const grant = readGrant(["2026-10-23..2026-11-22"], nowMs + 24 * HOUR_MS, nowMs);
    expect(grant?.days).toHaveLength(31);
  });
});
