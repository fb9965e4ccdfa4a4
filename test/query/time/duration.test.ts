import { describe, expect, it } from "vitest";
import { parseDuration } from "../../../query/time/duration.ts";

describe("parseDuration", () => {
  it.each([
    ["45s", 45_000],
    ["15m", 900_000],
    ["2h", 7_200_000],
    ["2d", 172_800_000],
    ["1w", 604_800_000],
    ["90 minutes", 5_400_000],
    ["1 Hour", 3_600_000],
  ])("reads %s", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(["", "2", "h", "2 months", "2y", "-2h", "1.5h", "1h30m", "1234567h"])("knows no %j", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});
