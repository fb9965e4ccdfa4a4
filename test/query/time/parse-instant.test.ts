import { describe, expect, it } from "vitest";
import { parseInstant } from "../../../query/time/parse-instant.ts";

const nowMs = Date.parse("2026-11-25T10:30:00Z"); // a Wednesday

function instant(text: string, edge: "from" | "until" = "from", zone = "UTC"): string {
  return new Date(parseInstant(text, { nowMs, zone, edge })).toISOString();
}

describe("parseInstant", () => {
  it.each([
    ["2026-11-01T14:00:05.123Z", "2026-11-01T14:00:05.123Z"],
    ["2026-11-01T14:00:05.123456Z", "2026-11-01T14:00:05.123Z"],
    ["2026-11-01T14:00+01:00", "2026-11-01T13:00:00.000Z"],
    ["2026-11-01 14:00 -0330", "2026-11-01T17:30:00.000Z"],
    ["22/Nov/2026:14:00:00 +0100", "2026-11-22T13:00:00.000Z"],
    ["[22/Nov/2026:14:00:00 +0000]", "2026-11-22T14:00:00.000Z"],
    ["1793538000", "2026-11-01T13:00:00.000Z"],
    ["1793538000.250", "2026-11-01T13:00:00.250Z"],
    ["1793538000250", "2026-11-01T13:00:00.250Z"],
  ])("reads %s, which names its instant by itself, in any zone", (text, expected) => {
    expect(instant(text, "from", "Asia/Tokyo")).toBe(expected);
    expect(instant(text, "until", "UTC")).toBe(expected);
  });

  it.each([
    ["2026-11-01 14:00", "2026-11-01T13:00:00.000Z"],
    ["2026-11-01T14:00:05.123", "2026-11-01T13:00:05.123Z"],
    ["2026-07-01 14:00", "2026-07-01T12:00:00.000Z"],
    ["2026-11-01 14:00 America/New_York", "2026-11-01T19:00:00.000Z"],
    ["2026-11-01  14:00   utc", "2026-11-01T14:00:00.000Z"],
    ["today", "2026-11-24T23:00:00.000Z"],
    ["today 9:15", "2026-11-25T08:15:00.000Z"],
    ["yesterday", "2026-11-23T23:00:00.000Z"],
    ["yesterday 14:00", "2026-11-24T13:00:00.000Z"],
    ["yesterday 14:00 UTC", "2026-11-24T14:00:00.000Z"],
  ])("reads %s by the clocks of the zone that was asked for", (text, expected) => {
    expect(instant(text, "from", "Europe/Amsterdam")).toBe(expected);
  });

  it("takes the date of today from the zone, not from UTC", () => {
    const lateMs = Date.parse("2026-11-25T23:30:00Z");
    const ms = parseInstant("today", { nowMs: lateMs, zone: "Europe/Amsterdam", edge: "from" });
    expect(new Date(ms).toISOString()).toBe("2026-11-25T23:00:00.000Z");
  });

  it.each([
    ["monday 09:00", "2026-11-23T09:00:00.000Z"],
    ["Mon", "2026-11-23T00:00:00.000Z"],
    ["wednesday", "2026-11-25T00:00:00.000Z"],
    ["wednesday 10:30", "2026-11-25T10:30:00.000Z"],
    ["wednesday 10:31", "2026-11-18T10:31:00.000Z"],
    ["thursday 09:00", "2026-11-19T09:00:00.000Z"],
  ])("reads %s as the latest one that is past", (text, expected) => {
    expect(instant(text)).toBe(expected);
  });

  it.each([
    ["now", "2026-11-25T10:30:00.000Z"],
    ["90 minutes ago", "2026-11-25T09:00:00.000Z"],
    ["2 hours ago", "2026-11-25T08:30:00.000Z"],
    ["2d ago", "2026-11-23T10:30:00.000Z"],
    ["1w ago", "2026-11-18T10:30:00.000Z"],
  ])("counts back: %s", (text, expected) => {
    expect(instant(text)).toBe(expected);
  });

  it("takes a bare day whole: its start as from, the start of the next day as until", () => {
    expect(instant("2026-11-01", "from")).toBe("2026-11-01T00:00:00.000Z");
    expect(instant("2026-11-01", "until")).toBe("2026-11-02T00:00:00.000Z");
    expect(instant("yesterday", "until")).toBe("2026-11-25T00:00:00.000Z");
    expect(instant("2026-10-25 Europe/Amsterdam", "from")).toBe("2026-10-24T22:00:00.000Z");
    expect(instant("2026-10-25 Europe/Amsterdam", "until")).toBe("2026-10-25T23:00:00.000Z");
  });

  it("reads the last day that there is", () => {
    expect(instant("9999-12-31", "until")).toBe("+010000-01-01T00:00:00.000Z");
  });

  it.each([
    "",
    "soon",
    "2026-02-30",
    "2026-13-01",
    "2026-11-01 24:00",
    "2026-11-01 12:60",
    "31/Feb/2026:14:00:00 +0100",
    "22/Now/2026:14:00:00 +0100",
    "2026-11-01 14:00 Europe/Atlantis",
    "2026-11-01 Europe/Amsterdam 14:00",
    "20261101",
    "14:00",
    "2d",
    "999999w ago",
    "2026-11-01T14:00+24:00",
    `2026-11-01${" ".repeat(100)}`,
  ])("refuses %j and shows three examples of what is understood", (text) => {
    expect(() => instant(text)).toThrow(
      /--from: .*no time that is understood. Write it like `2026-11-01 14:00 Europe\/Amsterdam`, `yesterday 14:00`, `90 minutes ago`/,
    );
  });
});

describe("parseInstant, where clocks change", () => {
  it.each([
    ["Europe/Amsterdam", "2026-10-25 02:30", "2026-10-25T00:30:00.000Z", "2026-10-25T01:30:00.000Z"],
    ["America/New_York", "2026-11-01 01:15", "2026-11-01T05:15:00.000Z", "2026-11-01T06:15:00.000Z"],
    ["Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04T14:45:00.000Z", "2026-04-04T15:15:00.000Z"],
  ])("in %s takes %s, which happens twice, as the longer range", (zone, text, from, until) => {
    expect(instant(text, "from", zone)).toBe(from);
    expect(instant(text, "until", zone)).toBe(until);
  });

  it.each([
    ["Europe/Amsterdam", "2026-03-29 02:30", "from 2026-03-29 02:00 to 2026-03-29 03:00"],
    ["America/New_York", "2026-03-08 02:00", "from 2026-03-08 02:00 to 2026-03-08 03:00"],
    ["Africa/Cairo", "2026-04-24 00:15", "from 2026-04-24 00:00 to 2026-04-24 01:00"],
    ["Pacific/Apia", "2011-12-30 12:00", "from 2011-12-30 00:00 to 2011-12-31 00:00"],
    ["Pacific/Apia", "2011-12-30", "from 2011-12-30 00:00 to 2011-12-31 00:00"],
  ])("in %s refuses %s, which never happened, and names the gap", (zone, text, gap) => {
    expect(() => instant(text, "from", zone)).toThrow(`does not exist in ${zone}: the clocks went ${gap}`);
  });

  it("begins a day without midnight with its first instant", () => {
    expect(instant("2026-04-24", "from", "Africa/Cairo")).toBe("2026-04-23T22:00:00.000Z");
    expect(instant("2026-04-23", "until", "Africa/Cairo")).toBe("2026-04-23T22:00:00.000Z");
  });

  it("begins a day whose midnight happens twice with the first of them", () => {
    expect(instant("2026-11-01", "from", "America/Havana")).toBe("2026-11-01T04:00:00.000Z");
    expect(instant("2026-10-31", "until", "America/Havana")).toBe("2026-11-01T04:00:00.000Z");
  });
});
