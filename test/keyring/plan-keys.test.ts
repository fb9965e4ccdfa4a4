import { describe, expect, it } from "vitest";
import { daysLeft, wishedSeries } from "../../src/keyring/plan-keys.ts";
import { parseTerm, type Term } from "../../src/term.ts";
import { day, raw, series } from "./support/keyring-world.ts";

function term(text: string): Term {
  const parsed = parseTerm(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
}

describe("which keys there should be", () => {
  it("is one for each day of each class's whole past term and of 400 days to come", () => {
    const policy = {
      classes: {
        standard: { raw: term("2y"), analytics: term("2y") },
        short: { raw: term("90d"), analytics: term("1y") },
      },
      quarantineTerm: term("90d"),
    };

    expect(wishedSeries(policy, day("2026-11-22"))).toEqual([
      series("2024-11-22", "2027-12-27"),
      series("2026-08-24", "2027-12-27", { retentionClass: "short" }),
      series("2026-08-24", "2027-12-27", { view: "quarantine" }),
    ]);
  });
});

describe("how many days are left", () => {
  const wished = [
    series("2026-11-20", "2026-11-30"),
    series("2026-11-20", "2026-11-30", { view: "quarantine" }),
  ];
  const both = (...days: readonly string[]) =>
    days.flatMap((text) => [raw(text), { ...raw(text), view: "quarantine" as const }]);

  it("counts those behind today of which every view and class has a key", () => {
    const entries = [...both("2026-11-22", "2026-11-23", "2026-11-24"), raw("2026-11-25")];

    expect(daysLeft(entries, wished, day("2026-11-22"))).toBe(2);
  });

  it("ends at the first gap", () => {
    expect(daysLeft(both("2026-11-22", "2026-11-24"), wished, day("2026-11-22"))).toBe(0);
  });

  it("is none without a key for today, and none when nothing is wished", () => {
    expect(daysLeft(both("2026-11-23"), wished, day("2026-11-22"))).toBe(0);
    expect(daysLeft([], [], day("2026-11-22"))).toBe(0);
  });
});
