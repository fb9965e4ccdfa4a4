import { describe, expect, it } from "vitest";
import { lastPurgeTimeMs } from "../../config/purge-times.ts";

describe("lastPurgeTimeMs", () => {
  it.each([
    ["17 2 * * *", "2026-11-22T02:17:00Z", "2026-11-22T02:17:00Z"],
    ["17 2 * * *", "2026-11-22T02:16:59Z", "2026-11-21T02:17:00Z"],
    ["0 */6 * * *", "2026-11-22T17:59:00Z", "2026-11-22T12:00:00Z"],
    ["30 23 * * *", "2026-01-01T00:00:00Z", "2025-12-31T23:30:00Z"],
  ])("of %s at %s is %s", (expression, now, expected) => {
    expect(lastPurgeTimeMs(expression, Date.parse(now))).toBe(Date.parse(expected));
  });
});
