import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KeyDecision, WaitingKey } from "../../retention/due-keys.ts";
import type { ListedGroup, UnrecognisedObject } from "../../retention/listing-summary.ts";
import { numberPlans, type PurgeDecision } from "../../retention/purge-decision.ts";
import { renderPlanJson } from "../../retention/render-plan-json.ts";
import { renderPlanTable } from "../../retention/render-plan-table.ts";
import { addDays } from "../../src/day.ts";
import type { DayKeyName } from "../../src/seal/day-key-name.ts";
import { nearDay } from "../support/any-day.ts";
import { decideIn, modelOf } from "../support/purge-model.ts";
import { dayOf, groupOf, policyOf } from "../support/purge-objects.ts";

const now = "2026-11-22T02:17:00Z";

function planOf(
  groups: readonly ListedGroup[],
  unrecognised: readonly UnrecognisedObject[] = [],
): PurgeDecision {
  return { ...decideIn(modelOf(groups, policyOf({ short: "30d" })), now), unrecognised };
}

/** Of each day of two years, and of two days that are due. */
const twoYears = Array.from({ length: 732 }, (_, index) => groupOf(addDays(dayOf("2024-11-20"), index)));

function foreign(keys: readonly string[]): readonly UnrecognisedObject[] {
  return keys.map((key) => ({ view: "raw", key, sizeBytes: 1 }));
}

describe("a plan on a terminal", () => {
  it("sums up the days of two years in runs", () => {
    expect(renderPlanTable(planOf(twoYears))).toBe(
      `goes now:
  VIEW  CLASS     DAYS                    DUE         OBJECTS     SIZE  TERM
  raw   standard  2024-11-20..2024-11-21  2026-11-21        2  2.0 KiB  2y

goes 2026-11-23 00:00 to 2026-11-25 00:00, a plan that the next run records; a hold can keep rows of
  it, nothing else:
  VIEW  CLASS     DAYS                    DUE         OBJECTS     SIZE  TERM
  raw   standard  2024-11-22..2024-11-24  2026-11-23        3  2.9 KiB  2y

stays:
  VIEW  CLASS     DAYS                    DUE         OBJECTS       SIZE  TERM
  raw   standard  2024-11-25..2026-11-21  2026-11-26      727  710.0 KiB  2y

overdue: 1 group (view, day and class), 1 object (1000 B), the longest since 2026-11-21; all of them
  go now
2026-11-22: 2 objects (2.0 KiB) due, 3 objects (2.9 KiB) waiting, 727 objects (710.0 KiB) kept; next
  due 2026-11-23
`,
    );
  });

  it("has a run for each stretch without a gap, and not more of them than a screen holds", () => {
    const gaps = Array.from({ length: 31 }, (_, index) => groupOf(addDays(dayOf("2024-11-21"), -2 * index)));
    const other = gaps.map((group) => ({ ...group, view: "analytics" as const }));
    const stays = groupOf("2026-11-20", { sizeBytes: 1e9 });
    const text = renderPlanTable(planOf([...gaps, ...other, stays, { ...stays, view: "analytics" }]));
    expect(text).toContain("\n  and 22 more runs of days (--output json names them)\n");
  });

  it.each(["raw", "quarantine"] as const)("fits 100 columns, whatever is in %s", (view) => {
    fc.assert(
      fc.property(
        fc.array(
          fc
            .record({
              day: nearDay,
              retentionClass: fc.constantFrom("standard", "short", `c${"x".repeat(30)}`),
              sizeBytes: fc.nat({ max: 2 ** 53 }),
            })
            .map(({ day, ...rest }) => groupOf(day, { ...rest, view })),
          { maxLength: 60 },
        ),
        (groups) => {
          for (const line of renderPlanTable(planOf(groups)).split("\n"))
            expect(line.length).toBeLessThanOrEqual(100);
        },
      ),
    );
  });

  it("says the very commands, once plans have numbers", () => {
    const groups = [
      groupOf("2026-10-22", { retentionClass: "short" }),
      groupOf("2026-11-20", { sizeBytes: 1e9 }),
    ];
    const text = renderPlanTable(numberPlans(planOf(groups), new Map([["grace", 12]])));
    expect(text).toContain(
      'goes 2026-11-24 02:17, plan 12:\n  to stop it: hostlog retention cancel 12 --reason "…"\n',
    );
    expect(() => numberPlans(planOf(groups), new Map())).toThrow("the plan of kind grace has no number");
  });

  it("shows some of many foreign objects, and how many more there are", () => {
    const text = renderPlanTable(planOf([], foreign(Array.from({ length: 25 }, (_, i) => `foreign-${i}`))));
    expect(text).toContain("  raw foreign-19\n  and 5 more (--output json names them)\n");
    expect(text).toMatch(/\n2026-11-22: nothing due, nothing kept, 25 not recognised\n$/);
  });

  it("sends nothing of a foreign key to the terminal as it is", () => {
    expect(renderPlanTable(planOf([], foreign(["\u001b[2J\u202e\u009b"])))).toMatch(/^[\x20-\x7e\n]+$/);
  });
});

describe("a plan for programs", () => {
  it("is one line, with each group and why it goes, waits or stays", () => {
    const text = renderPlanJson(
      planOf(
        [
          groupOf("2024-11-20"),
          groupOf("2026-10-22", { retentionClass: "short", objects: 2 }),
          groupOf("2026-11-20", { sizeBytes: 1e9 }),
        ],
        foreign(["notes.txt"]),
      ),
    );
    expect(text.indexOf("\n")).toBe(text.length - 1);
    const overdue = {
      view: "raw",
      day: "2024-11-20",
      class: "standard",
      objects: 1,
      size_bytes: 1000,
      due: "2026-11-21",
      rule: "class",
      term: "2y",
    };
    expect(JSON.parse(text)).toEqual({
      kind: "purge-plan",
      today: "2026-11-22",
      refusals: [],
      destroy: [{ ...overdue, plan: "certain" }],
      resume: [],
      waiting: [
        {
          ...overdue,
          day: "2026-10-22",
          class: "short",
          objects: 2,
          due: "2026-11-22",
          term: "30d",
          because: {
            kind: "grace",
            plan: "grace",
            until: "2026-11-24T02:17:00.000Z",
            can_be_cancelled: true,
          },
        },
      ],
      keep: [{ ...overdue, day: "2026-11-20", size_bytes: 1e9, due: "2028-11-21" }],
      overdue: [{ ...overdue, since: "2026-11-21T00:00:00.000Z", goes_now: true }],
      unrecognised: [{ view: "raw", key: "notes.txt", size_bytes: 1 }],
      plans: [
        { kind: "certain", groups: 1, not_before: "2026-11-22T02:17:00.000Z", approvals: [] },
        { kind: "grace", groups: 1, not_before: "2026-11-24T02:17:00.000Z", approvals: [] },
      ],
      policy_changed: true,
      keys: null,
      keys_waiting: null,
    });
  });
});

describe("a plan with keys that are due", () => {
  const key = (day: string): DayKeyName => ({ view: "raw", day: dayOf(day), retentionClass: "standard" });
  const keys = (destroy: readonly DayKeyName[], waiting: readonly WaitingKey[] = []): KeyDecision => ({
    destroy,
    waiting,
  });

  it("names in JSON each of them", () => {
    const waiting = { ...key("2024-11-19"), because: "plan" } as const;
    expect(JSON.parse(renderPlanJson(planOf([]), keys([key("2024-11-20")], [waiting])))).toMatchObject({
      keys: [{ view: "raw", day: "2024-11-20", class: "standard" }],
      keys_waiting: [{ view: "raw", day: "2024-11-19", class: "standard", because: "plan" }],
    });
    expect(JSON.parse(renderPlanJson(planOf([]), keys([])))).toMatchObject({ keys: [], keys_waiting: [] });
  });

  it("counts them on a terminal, and says nothing when there are none", () => {
    const nothing = "2026-11-22: nothing due, nothing kept\n";
    expect(renderPlanTable(planOf([]), keys([]))).toBe(nothing);
    expect(renderPlanTable(planOf([]), keys([key("2024-11-20"), key("2024-11-18")]))).toBe(
      `keys due: 2, of 2 days, 2024-11-18 to 2024-11-20; they are destroyed before any object\n${nothing}`,
    );
  });

  it("says what to do about those of too many days", () => {
    const waiting = ["2024-11-20", "2024-11-18"].map((day) => ({
      ...key(day),
      because: "many-days" as const,
    }));
    expect(renderPlanTable(planOf([]), keys([], waiting))).toContain(
      "keys due of too many days at once, and kept: 2, of 2 days, 2024-11-18 to 2024-11-20\n" +
        "  when the clock and the terms are right: hostlog keys destroy --due --days 2\n",
    );
  });
});
