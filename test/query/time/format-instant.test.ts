import { describe, expect, it } from "vitest";
import { createInstantFormat } from "../../../query/time/format-instant.ts";

describe("createInstantFormat", () => {
  it("writes UTC bare, and ms only if there are any", () => {
    const format = createInstantFormat("UTC");
    expect(format(Date.parse("2026-11-22T14:00:05Z"))).toBe("2026-11-22 14:00:05");
    expect(format(Date.parse("2026-11-22T14:00:05.120Z"))).toBe("2026-11-22 14:00:05.120");
  });

  it("tells the two hours apart that clocks show twice", () => {
    const format = createInstantFormat("Europe/Amsterdam");
    expect(format(Date.parse("2026-10-25T00:59:59Z"))).toBe("2026-10-25 02:59:59+02:00");
    expect(format(Date.parse("2026-10-25T01:00:00Z"))).toBe("2026-10-25 02:00:00+01:00");
    expect(format(Date.parse("2026-10-25T00:30:00Z"))).toBe("2026-10-25 02:30:00+02:00");
  });
});
