import { describe, expect, it } from "vitest";
import { type PurgePlan, planPurge } from "../../retention/plan-purge.ts";
import { renderPlanJson, renderPlanTable } from "../../retention/render-plan.ts";
import { renderReportJson, renderReportTable } from "../../retention/render-report.ts";
import { formatBytes } from "../../src/format-bytes.ts";
import type { DayKeyName } from "../../src/seal/day-key-name.ts";
import { TERM_MAX } from "../../src/term.ts";
import { dayOf, keyOf, listingsOf } from "../support/purge-objects.ts";

function planOf(keys: readonly string[]): PurgePlan {
  return planPurge({
    listings: listingsOf({ raw: keys.map((key) => ({ key, sizeBytes: 2048 })) }),
    policy: { classes: { standard: { raw: TERM_MAX, analytics: TERM_MAX } }, quarantineTerm: TERM_MAX },
    today: dayOf("2026-11-22"),
  });
}

describe("renderPlanTable", () => {
  it("is one line when nothing is due", () => {
    expect(renderPlanTable(planOf([keyOf("raw", "2026-11-20")]))).toBe(
      "2026-11-22: nothing due, 1 object (2.0 KiB) kept; next due 2028-11-21\n",
    );
  });

  it("sums up the objects of a day and class", () => {
    const keys = [1, 2, 3].map((number) => keyOf("raw", "2024-11-20", "standard", number));
    expect(renderPlanTable(planOf(keys)).split("\n")[1]).toBe(
      "2026-11-21  raw   2024-11-20  standard        3  6.0 KiB  2y, the term of its class",
    );
  });

  it("shows some of many foreign objects, and how many more there are", () => {
    const text = renderPlanTable(planOf(Array.from({ length: 25 }, (_, i) => `foreign-${i}`)));
    expect(text).toContain("  raw foreign-19\n  and 5 more (--output json names them)\n");
    expect(text).toMatch(/\n2026-11-22: nothing due, nothing kept, 25 not recognised\n$/);
  });

  it("sends nothing of a foreign key to the terminal as it is", () => {
    expect(renderPlanTable(planOf(["\u001b[2J\u202e\u009b"]))).toMatch(/^[\x20-\x7e\n]+$/);
  });
});

describe("renderPlanJson", () => {
  it("names each object that is due, sums up what is kept, and is one line", () => {
    const text = renderPlanJson(
      planOf([
        keyOf("raw", "2024-11-20"),
        keyOf("raw", "2026-11-20"),
        keyOf("raw", "9999-12-31"),
        "notes.txt",
      ]),
    );
    expect(text.indexOf("\n")).toBe(text.length - 1);
    const group = { view: "raw", class: "standard", objects: 1, size_bytes: 2048, rule: "class", term: "2y" };
    expect(JSON.parse(text)).toEqual({
      kind: "purge-plan",
      today: "2026-11-22",
      destroy: [
        {
          view: "raw",
          key: keyOf("raw", "2024-11-20"),
          size_bytes: 2048,
          day: "2024-11-20",
          class: "standard",
          due: "2026-11-21",
          rule: "class",
          term: "2y",
        },
      ],
      keep: [
        { ...group, day: "2026-11-20", due: "2028-11-21" },
        { ...group, day: "9999-12-31", due: null },
      ],
      unrecognised: [{ view: "raw", key: "notes.txt", size_bytes: 2048 }],
      keys: null,
    });
  });
});

describe("a plan with keys that are due", () => {
  const key = (day: string): DayKeyName => ({ view: "raw", day: dayOf(day), retentionClass: "standard" });

  it("names in JSON each of them", () => {
    const { keys }: Readonly<Record<"keys", unknown>> = JSON.parse(
      renderPlanJson(planOf([]), [key("2024-11-20")]),
    );
    expect(keys).toEqual([{ view: "raw", day: "2024-11-20", class: "standard" }]);
    expect(JSON.parse(renderPlanJson(planOf([]), []))).toMatchObject({ keys: [] });
  });

  it("counts them on a terminal, and says nothing when there are none", () => {
    expect(renderPlanTable(planOf([]), [key("2024-11-20")])).toBe(
      "keys due: 1, of 2024-11-20; they are destroyed before any object\n2026-11-22: nothing due, nothing kept\n",
    );
    expect(renderPlanTable(planOf([]), [key("2024-11-20"), key("2024-11-18")])).toContain(
      "keys due: 2, of 2 days, 2024-11-18 to 2024-11-20;",
    );
    expect(renderPlanTable(planOf([]), [])).toBe(renderPlanTable(planOf([])));
  });
});

describe("renderReportTable", () => {
  const nothing = { removedObjects: 0, removedBytes: 0, failures: [], isComplete: true };

  it("says nothing when there was nothing to do", () => {
    expect(renderReportTable(nothing)).toBe("");
  });

  it("names what failed, and ends with the totals", () => {
    const failures = [{ view: "raw" as const, key: "dt=2024-11-20/x", message: "Access Denied" }];
    expect(renderReportTable({ removedObjects: 3, removedBytes: 3000, failures, isComplete: false })).toBe(
      "not removed: raw dt=2024-11-20/x: Access Denied\n" +
        "removed and verified: 3 (2.9 KiB), failures: 1; ended early, the rest is done by the next run\n",
    );
  });

  it("is one line of JSON for programs", () => {
    expect(JSON.parse(renderReportJson(nothing))).toEqual({
      kind: "purge-report",
      removed_objects: 0,
      removed_bytes: 0,
      failures: [],
      complete: true,
    });
  });
});

describe("formatBytes", () => {
  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [1_048_575, "1.0 MiB"],
    [13_000_000_000, "12.1 GiB"],
  ])("of %d is %s", (sizeBytes, text) => {
    expect(formatBytes(sizeBytes)).toBe(text);
  });
});
