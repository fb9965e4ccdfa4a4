import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { groupName } from "../../retention/group-name.ts";
import type { ListedGroup } from "../../retention/listing-summary.ts";
import { type RetentionPolicy, ruleFor } from "../../retention/rule-for.ts";
import { addDays, dayOfMs, MS_PER_DAY } from "../../src/day.ts";
import type { RecordBody } from "../../src/ledger/record.ts";
import { lastDayKept, TERM_MAX } from "../../src/term.ts";
import { decideIn, modelOf, type PurgeModel, runIn } from "../support/purge-model.ts";
import { dayOf, groupOf, policyOf } from "../support/purge-objects.ts";

const firstDay = dayOf("2026-03-01");
const firstMs = Date.parse("2026-03-01T02:17:00Z");

const policy = policyOf({ short: "30d", half: "6m", quarantine: "14d" });
const anyPolicy: fc.Arbitrary<RetentionPolicy> = fc.constantFrom(
  policy,
  policyOf({ short: "60d", half: "6m" }),
  policyOf({ short: "7d" }),
  policyOf(),
);

/** Of days whose terms end before, while and after the runs of a test. */
const anyGroup: fc.Arbitrary<ListedGroup> = fc
  .record({
    view: fc.constantFrom("raw", "analytics", "quarantine"),
    retentionClass: fc.constantFrom("standard", "short", "half", "forgotten"),
    isOld: fc.boolean(),
    offset: fc.integer({ min: -20, max: 40 }),
    objects: fc.constantFrom(1, 2, 3),
  })
  .map(({ view, retentionClass, isOld, offset, objects }) => {
    const recent = { raw: -30, analytics: -30, quarantine: -14 }[view];
    const day = addDays(firstDay, offset + (isOld ? -731 : recent));
    return groupOf(day, { view, retentionClass, objects, sizeBytes: objects * 1000 });
  });

type Step =
  | { readonly kind: "run"; readonly effects: number }
  | { readonly kind: "wait"; readonly days: number }
  | { readonly kind: "arrive"; readonly group: ListedGroup }
  | { readonly kind: "approve" | "cancel"; readonly which: number }
  | { readonly kind: "policy"; readonly policy: RetentionPolicy };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("run"),
      // Killed before one of its first effects, or not at all.
      effects: fc.oneof(fc.integer({ min: 0, max: 12 }), fc.constant(Number.POSITIVE_INFINITY)),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("wait"), days: fc.constantFrom(0.5, 1, 1, 1, 2, 3, 40) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("arrive"), group: anyGroup }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("approve", "cancel"), which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("policy"), policy: anyPolicy }) },
);

const anyStore = fc.uniqueArray(anyGroup, { selector: groupName, maxLength: 25 });

describe("runs that are killed anywhere, on a store to which things happen", () => {
  it("destroy nothing before it is due, planned, past its grace and approved, and certify each act once", () => {
    fc.assert(
      fc.property(anyStore, fc.array(anyStep, { maxLength: 25 }), (groups, steps) => {
        const model = modelOf(groups, policy);
        let nowMs = firstMs;
        for (const step of steps) {
          if (step.kind === "wait") nowMs += step.days * MS_PER_DAY;
          else if (step.kind === "run") checkedRun(model, nowMs, step.effects);
          else happen(model, step, nowMs);
        }
        approveAll(model, nowMs);
        runIn(model, nowMs);
        const certified = certificatesOf(model).map(({ begun }) => begun);
        expect(certified.toSorted((a, b) => a - b)).toEqual(sequencesOf(model, "purge-begun"));
      }),
    );
  });

  it("leave nothing to do for a second run at the same time", () => {
    fc.assert(
      fc.property(anyStore, fc.array(anyStep, { maxLength: 25 }), (groups, steps) => {
        const model = modelOf(groups, policy);
        let nowMs = firstMs;
        for (const step of steps) {
          if (step.kind === "wait") nowMs += step.days * MS_PER_DAY;
          else if (step.kind === "run") runIn(model, nowMs, step.effects);
          else happen(model, step, nowMs);
        }
        runIn(model, nowMs);
        const again = decideIn(model, nowMs);
        expect(again).toEqual(decideIn(model, nowMs));
        expect(again).toMatchObject({ policyRecord: undefined, plans: [], destroy: [], resume: [] });
      }),
    );
  });

  it("have destroyed all that two years have ended for once the plans of the guards are approved", () => {
    fc.assert(
      fc.property(anyStore, fc.array(anyStep, { maxLength: 25 }), (groups, steps) => {
        const model = modelOf(groups, policy);
        let nowMs = firstMs;
        for (const step of steps) {
          if (step.kind === "wait") nowMs += step.days * MS_PER_DAY;
          else if (step.kind === "run") runIn(model, nowMs, step.effects);
          else happen(model, step, nowMs);
        }
        // A plan of this run may be what holds the rest back.
        for (const _ of [1, 2, 3]) {
          runIn(model, nowMs);
          approveAll(model, nowMs);
        }
        const today = dayOfMs(nowMs);
        expect(model.groups.filter(({ day }) => today > lastDayKept(day, TERM_MAX))).toEqual([]);
      }),
    );
  });
});

describe("a run each day", () => {
  it("has destroyed all that is due, and nothing else, under a policy that stays", () => {
    const store = dailyStore();
    fc.assert(
      fc.property(fc.array(anyGroup, { maxLength: 6 }), fc.integer({ min: 0, max: 20 }), (late, effects) => {
        const model = modelOf(store, policy);
        for (let ran = 0; ran < 40; ran++) {
          const nowMs = firstMs + ran * MS_PER_DAY;
          const today = dayOfMs(nowMs);
          if (ran === 20) for (const group of late) arrive(model, group);
          if (ran % 7 === 3) runIn(model, nowMs, effects);
          runIn(model, nowMs);
          const ofStart = model.groups.filter(({ sizeBytes }) => sizeBytes >= 5000);
          expect(ofStart).toEqual(store.filter((group) => ruleFor(group, policy).dueDay > today));
        }
      }),
      { numRuns: 3 },
    );
  });
});

/** Of each day one group that becomes due between three days after the first run and the last; and much that stays. */
function dailyStore(): readonly ListedGroup[] {
  const groups = ["standard", "short", "half"].flatMap((retentionClass) =>
    Array.from({ length: 800 }, (_, index) =>
      groupOf(addDays(firstDay, index - 740), { retentionClass, sizeBytes: 5000 }),
    ).filter((group) => {
      const { dueDay } = ruleFor(group, policy);
      return dueDay > addDays(firstDay, 3) && dueDay < addDays(firstDay, 45);
    }),
  );
  return [...groups, groupOf("2026-03-01", { retentionClass: "forgotten", sizeBytes: 5e9 })];
}

function checkedRun(model: PurgeModel, nowMs: number, effects: number): void {
  const before = new Map(model.groups.map((group) => [groupName(group), group]));
  const known = model.records.length;
  const decision = runIn(model, nowMs, effects);
  const begun = model.records.slice(known).filter((record) => record.kind === "purge-begun");
  const after = new Map(model.groups.map((group) => [groupName(group), group]));
  const allowed = new Set([
    ...begun.map(({ group }) => groupName(group)),
    ...decision.resume.map(({ record }) => groupName(record.group)),
  ]);
  for (const [name, { objects }] of before) {
    if (after.get(name)?.objects !== objects) expect(allowed.has(name)).toBe(true);
  }
  for (const { group, rule, plan } of begun) {
    expect(rule.dueDay <= dayOfMs(nowMs)).toBe(true);
    expect(rule).toEqual(ruleFor(group, model.policy));
    const planned = model.records[plan - 1];
    if (planned?.kind !== "purge-planned") throw new Error("begun without a plan");
    expect(planned.groups.map(groupName)).toContain(groupName(group));
    expect(Date.parse(planned.notBefore)).toBeLessThanOrEqual(nowMs);
    expect(verdictOf(model, plan)).not.toBe("purge-cancelled");
    if (planned.approvals.length > 0) expect(verdictOf(model, plan)).toBe("purge-approved");
    const isPastAll = dayOfMs(nowMs) > lastDayKept(group.day, TERM_MAX) || group.view === "quarantine";
    if (!isPastAll) {
      expect(nowMs - Date.parse(planned.at)).toBeGreaterThanOrEqual(2 * MS_PER_DAY);
    }
  }
}

function happen(
  model: PurgeModel,
  step: Exclude<Step, { readonly kind: "run" | "wait" }>,
  nowMs: number,
): void {
  if (step.kind === "arrive") arrive(model, step.group);
  else if (step.kind === "policy") model.policy = step.policy;
  else decideOn(model, step.kind === "approve" ? "purge-approved" : "purge-cancelled", step.which, nowMs);
}

function arrive(model: PurgeModel, group: ListedGroup): void {
  const name = groupName(group);
  if (!model.groups.some((known) => groupName(known) === name)) model.groups.push(group);
}

function decideOn(
  model: PurgeModel,
  kind: "purge-approved" | "purge-cancelled",
  which: number,
  nowMs: number,
): void {
  const plan = sequencesOf(model, "purge-planned").at(-1 - which);
  if (plan === undefined) return;
  model.records.push({
    kind,
    plan,
    at: new Date(nowMs).toISOString(),
    clock: "system",
    by: "x",
    reason: "y",
  });
}

function approveAll(model: PurgeModel, nowMs: number): void {
  for (const which of sequencesOf(model, "purge-planned").keys())
    decideOn(model, "purge-approved", which, nowMs);
}

function sequencesOf(model: PurgeModel, kind: RecordBody["kind"]): readonly number[] {
  return model.records.flatMap((record, index) => (record.kind === kind ? index + 1 : []));
}

function certificatesOf(model: PurgeModel): readonly { readonly begun: number }[] {
  return model.records.filter((record) => record.kind === "purge-certificate");
}

function verdictOf(model: PurgeModel, plan: number): string | undefined {
  return model.records.findLast(
    (record) =>
      (record.kind === "purge-approved" || record.kind === "purge-cancelled") && record.plan === plan,
  )?.kind;
}
