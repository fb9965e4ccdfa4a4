import { describe, expect, it } from "vitest";
import type { ListedGroup } from "../../retention/listing-summary.ts";
import type { PurgeDecision } from "../../retention/purge-decision.ts";
import { addDays } from "../../src/day.ts";
import type { RecordBody } from "../../src/ledger/record.ts";
import { decideIn, modelOf, type PurgeModel, runIn } from "../support/purge-model.ts";
import { dayOf, groupOf, policyOf } from "../support/purge-objects.ts";

const now = "2026-11-22T02:17:00Z";

/** Of as many days, the last of which became due today. */
function dueGroups(days: number, rest: Partial<ListedGroup> = {}): readonly ListedGroup[] {
  return Array.from({ length: days }, (_, index) => groupOf(addDays(dayOf("2024-11-21"), -index), rest));
}

/** So much that stays that nothing is a large part of it. */
const bulk = groupOf("2026-11-20", { sizeBytes: 1e9 });

function ranAt(at: string): RecordBody {
  const clocks = { local: at, store: null };
  return { kind: "retention-ran", at, clock: "system", clocks, certified: 0, overdue: 0 };
}

function approvalOf(plan: number, at = now): Extract<RecordBody, { readonly kind: "purge-approved" }> {
  return { kind: "purge-approved", plan, at, clock: "system", by: "dpo", reason: "checked" };
}

function approvalKinds({ plans }: PurgeDecision): readonly string[] {
  return plans.flatMap(({ approvals }) => approvals.map(({ kind }) => kind));
}

function lastPlan(model: PurgeModel): number {
  return model.records.findLastIndex(({ kind }) => kind === "purge-planned") + 1;
}

describe("the guard of the store's clock", () => {
  const minutes = (count: number): number => Date.parse(now) + count * 60_000;

  it.each([-5, 0, 5])("lets a difference of %d minutes pass", (count) => {
    expect(decideIn(modelOf(dueGroups(1)), now, minutes(count))).toMatchObject({
      refusals: [],
      destroy: [{}],
    });
  });

  it.each([-6, 6])("bites at one of %d minutes: nothing is destroyed, planned or recorded", (count) => {
    const model = modelOf([...dueGroups(1), groupOf("2024-11-23")]);
    expect(decideIn(model, now, minutes(count))).toMatchObject({
      refusals: [{ kind: "clocks-apart" }],
      destroy: [],
      resume: [],
      plans: [],
      policyRecord: undefined,
      waiting: [{ because: { kind: "refused" } }, { because: { kind: "refused" } }],
    });
    expect(runIn(model, now).refusals).toEqual([]);
  });

  it("stops what was begun too", () => {
    const model = modelOf([groupOf("2024-11-21", { objects: 2 })]);
    runIn(model, now, 4);
    expect(decideIn(model, now, minutes(6))).toMatchObject({
      resume: [],
      waiting: [{ because: { kind: "refused" } }],
    });
  });
});

describe("the guard of the watermark", () => {
  it("lets a clock pass that is 5 minutes behind the newest record", () => {
    const model = modelOf(dueGroups(1));
    model.records.push(ranAt("2026-11-22T02:22:00Z"));
    expect(decideIn(model, now)).toMatchObject({ refusals: [], destroy: [{}] });
  });

  it("bites when it is more than that behind any record", () => {
    const model = modelOf(dueGroups(1));
    model.records.push(approvalOf(1, "2026-11-22T02:22:01Z"), ranAt("2026-11-21T02:17:00Z"));
    expect(decideIn(model, now)).toMatchObject({ refusals: [{ kind: "clock-behind-ledger" }], destroy: [] });
  });
});

describe("the guard of downtimes", () => {
  const modelLastRun = (at: string): PurgeModel => {
    const model = modelOf([...dueGroups(1), bulk]);
    model.records.push(ranAt(at));
    return model;
  };

  it("lets 31 missed days be made up unasked", () => {
    expect(runIn(modelLastRun("2026-10-22T02:17:00Z"), now)).toMatchObject({ destroy: [{}], waiting: [] });
  });

  it("bites after more, until somebody approves", () => {
    const model = modelLastRun("2026-10-22T02:16:59Z");
    const bitten = runIn(model, now);
    expect(approvalKinds(bitten)).toEqual(["downtime"]);
    expect(bitten).toMatchObject({
      destroy: [],
      waiting: [{ because: { kind: "approval", plan: "guarded" } }],
    });
    model.records.push(approvalOf(lastPlan(model)));
    expect(runIn(model, now)).toMatchObject({ plans: [], destroy: [{ plan: lastPlan(model) }] });
  });

  it("goes on holding back what becomes due by the same clock, though there was a run by then", () => {
    const model = modelLastRun("2026-10-22T02:16:59Z");
    model.groups.push(groupOf("2024-11-22"));
    runIn(model, now);
    const plan = lastPlan(model);
    const nextDay = "2026-11-23T02:17:00Z";
    expect(runIn(model, nextDay)).toMatchObject({
      plans: [],
      destroy: [],
      waiting: [{ because: { kind: "approval", plan } }, { because: { kind: "approval", plan } }],
    });
    model.records.push(approvalOf(plan, nextDay));
    expect(runIn(model, nextDay).destroy).toHaveLength(2);
  });

  it("does not ask where nothing would go, nor where nothing ever ran", () => {
    const model = modelOf([bulk]);
    model.records.push(ranAt("2025-01-01T02:17:00Z"));
    expect(runIn(model, now)).toMatchObject({ plans: [], waiting: [] });
    expect(runIn(modelOf([...dueGroups(1), bulk]), now)).toMatchObject({ destroy: [{}] });
  });
});

describe("the guard of days", () => {
  it("lets 31 days of a view and class go at once, and as many of each other", () => {
    const groups = [...dueGroups(31), ...dueGroups(31, { retentionClass: "shop" }), bulk];
    expect(decideIn(modelOf(groups), now)).toMatchObject({ destroy: { length: 62 }, waiting: [] });
  });

  it("bites at one more, and spares the other classes", () => {
    const model = modelOf([...dueGroups(32), ...dueGroups(31, { retentionClass: "shop" }), bulk]);
    const bitten = runIn(model, now);
    expect(approvalKinds(bitten)).toEqual(["many-days"]);
    expect(new Set(bitten.destroy.map(({ group }) => group.retentionClass))).toEqual(new Set(["shop"]));
    expect(bitten.waiting).toHaveLength(32);
    // Neither does another run let them go, nor some of them.
    expect(runIn(model, "2026-11-22T03:17:00Z")).toMatchObject({
      plans: [],
      destroy: [],
      waiting: { length: 32 },
    });
    model.records.push(approvalOf(lastPlan(model)));
    expect(runIn(model, "2026-11-22T04:17:00Z").destroy).toHaveLength(32);
  });

  it("counts the copies for a hold as the one day on which it ended", () => {
    const copies = dueGroups(60, { retentionClass: "hold-0a1b2c3d" });
    const holds = [{ retentionClass: "hold-0a1b2c3d", lastDay: dayOf("2026-11-21") }];
    expect(decideIn(modelOf([...copies, bulk], { ...policyOf(), holds }), now).destroy).toHaveLength(60);
  });

  it("asks when a plan is made already, not only when its grace is over", () => {
    const short = dueGroups(32, { retentionClass: "short", view: "raw" });
    const decision = decideIn(
      modelOf(
        [...short.map((group) => ({ ...group, day: addDays(group.day, 600) })), bulk],
        policyOf({ short: "30d" }),
      ),
      now,
    );
    expect(decision).toMatchObject({
      plans: [{ kind: "approval", approvals: [{ kind: "many-days" }] }],
      destroy: [],
    });
  });
});

describe("the guard of a view's share", () => {
  const rest = (sizeBytes: number): ListedGroup => groupOf("2026-11-20", { sizeBytes });

  it("lets 4 days go that are a quarter of the bytes", () => {
    expect(decideIn(modelOf([...dueGroups(4), rest(12_000)]), now).destroy).toHaveLength(4);
  });

  it("bites at more than a quarter", () => {
    const decision = decideIn(modelOf([...dueGroups(4), rest(11_999)]), now);
    expect(decision.destroy).toEqual([]);
    expect(approvalKinds(decision)).toEqual(["large-share"]);
  });

  it("lets 3 days go whatever they are a part of, and looks at each view alone", () => {
    const analytics = dueGroups(4, { view: "analytics" });
    const decision = decideIn(modelOf([...dueGroups(3), ...analytics]), now);
    expect(decision.destroy.map(({ group }) => group.view)).toEqual(["raw", "raw", "raw"]);
    expect(decision.waiting).toHaveLength(4);
  });
});

describe("the guard of terms that become shorter", () => {
  /** A day of each of the last months, of a class that was kept for two years when it was first recorded. */
  const model = (): PurgeModel => {
    const days = ["2026-05-01", "2026-07-01", "2026-09-01"];
    const store = modelOf(
      [...days.map((day) => groupOf(day, { retentionClass: "shop" })), bulk],
      policyOf({ shop: "2y" }),
    );
    runIn(store, "2026-11-01T02:17:00Z");
    return store;
  };

  it("asks for what would go by the shorter one, and gives it a grace", () => {
    const store = model();
    store.policy = policyOf({ shop: "90d" });
    const decision = runIn(store, now);
    expect(decision).toMatchObject({
      destroy: [],
      plans: [{ kind: "approval", notBefore: "2026-11-24T02:17:00.000Z", groups: { length: 2 } }],
      policyRecord: { classes: { shop: { raw: "90d" } } },
    });
    expect(approvalKinds(decision)).toEqual(["shorter-policy"]);
    store.records.push(approvalOf(lastPlan(store)));
    expect(runIn(store, "2026-11-24T02:16:59Z").destroy).toEqual([]);
    expect(runIn(store, "2026-11-24T02:17:00Z").destroy).toHaveLength(2);
  });

  it("asks for each day that follows too, until somebody has approved the term", () => {
    const store = model();
    store.policy = policyOf({ shop: "90d" });
    runIn(store, now);
    store.records.push(ranAt("2026-11-24T02:17:00Z"));
    // 2026-09-01 is due by the shorter term on 2026-12-01.
    const later = runIn(store, "2026-11-29T02:17:00Z");
    expect(approvalKinds(later)).toEqual(["shorter-policy"]);
    store.records.push(approvalOf(lastPlan(store), "2026-11-29T09:00:00Z"));
    expect(runIn(store, "2026-12-01T02:17:00Z")).toMatchObject({
      destroy: [{ group: { day: "2026-09-01" } }],
    });
    store.groups.push(groupOf("2026-09-03", { retentionClass: "shop" }));
    expect(runIn(store, "2026-12-01T03:17:00Z")).toMatchObject({ plans: [{ kind: "grace", approvals: [] }] });
  });

  it("asks for what was planned under an approval that is taken back", () => {
    const store = model();
    store.policy = policyOf({ shop: "90d" });
    runIn(store, now);
    const approved = lastPlan(store);
    store.records.push(approvalOf(approved));
    store.groups.push(groupOf("2026-08-26", { retentionClass: "shop" }));
    expect(runIn(store, "2026-11-23T02:17:00Z")).toMatchObject({ plans: [{ kind: "grace" }] });
    store.records.push({ ...approvalOf(approved, "2026-11-24T09:00:00Z"), kind: "purge-cancelled" });
    const decision = runIn(store, "2026-11-25T02:17:00Z");
    expect(decision.destroy).toEqual([]);
    expect(approvalKinds(decision)).toEqual(["shorter-policy"]);
  });

  it("asks again when a run was killed between recording the terms and the plan", () => {
    const store = model();
    store.policy = policyOf({ shop: "90d" });
    runIn(store, now, 1);
    expect(store.records.at(-1)).toMatchObject({ kind: "retention-policy" });
    expect(approvalKinds(decideIn(store, now))).toEqual(["shorter-policy"]);
  });

  it("asks nothing when the old term is back: the plan is void, and approving it changes nothing", () => {
    const store = model();
    store.policy = policyOf({ shop: "90d" });
    runIn(store, now);
    const plan = lastPlan(store);
    store.policy = policyOf({ shop: "24m" });
    expect(runIn(store, "2026-11-23T02:17:00Z")).toMatchObject({
      plans: [],
      waiting: [],
      keep: { length: 4 },
    });
    store.records.push(approvalOf(plan, "2026-11-23T09:00:00Z"));
    store.policy = policyOf({ shop: "90d" });
    expect(approvalKinds(runIn(store, "2026-11-25T02:17:00Z"))).toEqual(["shorter-policy"]);
  });

  it("does not ask for the first term that a class ever has, but gives it a grace", () => {
    const groups = [groupOf("2026-05-01", { retentionClass: "shop" }), bulk];
    const decision = decideIn(modelOf(groups, policyOf({ shop: "90d" })), now);
    expect(decision).toMatchObject({ destroy: [], plans: [{ kind: "grace", approvals: [] }] });
  });

  it("does not hold back what two years have ended for", () => {
    const store = model();
    store.policy = policyOf({ shop: "90d" });
    runIn(store, now);
    store.records.push(ranAt("2028-04-20T02:17:00Z"));
    expect(runIn(store, "2028-05-02T02:17:00Z").destroy).toMatchObject([
      { group: { day: "2026-05-01" }, plan: "certain" },
    ]);
  });
});
