import { describe, expect, it } from "vitest";
import { groupName } from "../../retention/group-name.ts";
import type { PurgeDecision } from "../../retention/purge-decision.ts";
import type { RecordBody } from "../../src/ledger/record.ts";
import { decideIn, modelOf, type PurgeModel, runIn } from "../support/purge-model.ts";
import { dayOf, groupOf, policyOf } from "../support/purge-objects.ts";

function verdictOn(kind: "purge-approved" | "purge-cancelled", plan: number, at: string): RecordBody {
  return { kind, plan, at, clock: "system", by: "dpo", reason: "checked" };
}

/** The number of the only plan of a kind that the decision has, once it is recorded. */
function planNumber(model: PurgeModel, which = 0): number {
  const plans = model.records.flatMap(({ kind }, index) => (kind === "purge-planned" ? index + 1 : []));
  return plans[which] ?? 0;
}

function goneBy(decision: PurgeDecision): readonly string[] {
  return decision.destroy.map(({ group }) => groupName(group));
}

const at = (time: string): string => `${time}Z`;

describe("what two years have ended for", () => {
  it("stays on the last day of its term, to its last millisecond, and goes with the next", () => {
    const model = modelOf([groupOf("2024-11-22")]);
    expect(decideIn(model, at("2026-11-22T23:59:59.999")).destroy).toEqual([]);
    expect(decideIn(model, at("2026-11-23T00:00:00")).destroy).toMatchObject([
      { group: { day: "2024-11-22" }, rule: { dueDay: "2026-11-23" }, plan: "certain" },
    ]);
  });

  it("is announced by a plan three days before, which has no grace and cannot be cancelled", () => {
    const model = modelOf([groupOf("2024-11-22")]);
    expect(runIn(model, at("2026-11-19T23:59:59"))).toMatchObject({ plans: [], keep: [{}] });
    expect(runIn(model, at("2026-11-20T02:17:00"))).toMatchObject({
      plans: [{ kind: "certain", approvals: [], notBefore: "2026-11-20T02:17:00.000Z" }],
      waiting: [{ because: { kind: "grace", until: "2026-11-23T00:00:00.000Z", canBeCancelled: false } }],
    });
    model.records.push(verdictOn("purge-cancelled", planNumber(model), at("2026-11-21T00:00:00")));
    // Not under the plan that was cancelled.
    expect(runIn(model, at("2026-11-23T02:17:00")).destroy).toMatchObject([
      { group: { day: "2024-11-22" }, plan: "certain" },
    ]);
    expect(model.groups).toEqual([]);
  });

  it("goes under the plan that announced it", () => {
    const model = modelOf([groupOf("2024-11-22")]);
    runIn(model, at("2026-11-20T02:17:00"));
    const decision = decideIn(model, at("2026-11-23T02:17:00"));
    expect(decision.plans).toEqual([]);
    expect(decision.destroy).toMatchObject([{ plan: planNumber(model) }]);
  });

  it("goes at once when nobody announced it, the longest overdue first", () => {
    const days = ["2024-11-21", "2024-11-19", "2024-11-20"];
    const decision = decideIn(modelOf(days.map((day) => groupOf(day))), at("2026-11-22T02:17:00"));
    expect(goneBy(decision)).toEqual([
      "raw/2024-11-19/standard",
      "raw/2024-11-20/standard",
      "raw/2024-11-21/standard",
    ]);
  });

  it("of a class that the config no longer knows goes as well", () => {
    const model = modelOf([groupOf("2024-11-21", { retentionClass: "forgotten" })]);
    expect(goneBy(decideIn(model, at("2026-11-22T02:17:00")))).toEqual(["raw/2024-11-21/forgotten"]);
  });
});

describe("what goes by a shorter term", () => {
  const model = (): PurgeModel =>
    modelOf([groupOf("2026-11-01", { retentionClass: "short" })], policyOf({ short: "30d" }));

  it("is planned so early that its grace of 48 hours is over when it is due, with a run each day", () => {
    const store = model();
    expect(runIn(store, at("2026-11-28T02:17:00")).plans).toEqual([]);
    expect(runIn(store, at("2026-11-29T02:17:00"))).toMatchObject({
      plans: [{ kind: "grace", notBefore: "2026-12-01T02:17:00.000Z", approvals: [] }],
      waiting: [{ because: { kind: "grace", until: "2026-12-02T00:00:00.000Z", canBeCancelled: true } }],
    });
    expect(runIn(store, at("2026-12-01T02:17:00"))).toMatchObject({ plans: [], destroy: [] });
    expect(goneBy(runIn(store, at("2026-12-02T02:17:00")))).toEqual(["raw/2026-11-01/short"]);
  });

  it("waits out the grace when it was planned late", () => {
    const store = model();
    runIn(store, at("2026-12-05T02:17:00"));
    expect(decideIn(store, at("2026-12-07T02:16:59")).destroy).toEqual([]);
    expect(goneBy(decideIn(store, at("2026-12-07T02:17:00")))).toEqual(["raw/2026-11-01/short"]);
  });

  it("stays when the plan is cancelled, until two years have ended", () => {
    const store = model();
    runIn(store, at("2026-11-29T02:17:00"));
    const plan = planNumber(store);
    store.records.push(verdictOn("purge-cancelled", plan, at("2026-11-30T09:00:00")));
    expect(runIn(store, at("2026-12-02T02:17:00"))).toMatchObject({
      plans: [],
      destroy: [],
      waiting: [{ because: { kind: "cancelled", plan } }],
    });
    // Somebody runs it each month meanwhile.
    for (const month of ["2027-01", "2027-02", "2027-03"]) runIn(store, at(`${month}-01T02:17:00`));
    store.records.push({ ...ranAt("2028-10-20T02:17:00Z") });
    expect(decideIn(store, at("2028-11-01T23:59:59")).destroy).toEqual([]);
    expect(goneBy(decideIn(store, at("2028-11-02T00:00:00")))).toEqual(["raw/2026-11-01/short"]);
  });

  it("goes when a cancelled plan is approved after all", () => {
    const store = model();
    runIn(store, at("2026-11-29T02:17:00"));
    const plan = planNumber(store);
    store.records.push(verdictOn("purge-cancelled", plan, at("2026-11-30T09:00:00")));
    store.records.push(verdictOn("purge-approved", plan, at("2026-12-03T09:00:00")));
    expect(goneBy(decideIn(store, at("2026-12-03T10:00:00")))).toEqual(["raw/2026-11-01/short"]);
  });

  it("takes along what arrives after the plan", () => {
    const store = model();
    runIn(store, at("2026-11-29T02:17:00"));
    store.groups = store.groups.map((group) => ({ ...group, objects: 5 }));
    expect(decideIn(store, at("2026-12-02T02:17:00"))).toMatchObject({
      plans: [],
      destroy: [{ group: { objects: 5 } }],
    });
  });

  it("is no longer bound by a plan made under terms that were taken back in between", () => {
    const store = model();
    runIn(store, at("2026-11-29T02:17:00"));
    store.policy = policyOf({ short: "60d" });
    runIn(store, at("2026-11-30T02:17:00"));
    store.policy = policyOf({ short: "30d" });
    const decision = runIn(store, at("2026-12-02T02:17:00"));
    expect(decision.destroy).toEqual([]);
    expect(decision.plans).toMatchObject([{ kind: "approval", approvals: [{ kind: "shorter-policy" }] }]);
  });
});

function ranAt(time: string): RecordBody {
  const clocks = { local: time, store: null };
  return { kind: "retention-ran", at: time, clock: "system", clocks, certified: 0, overdue: 0 };
}

describe("copies for a hold", () => {
  const hold = (kind: "hold-renewed" | "hold-lifted", time: string, end = "2026-12-31"): RecordBody => {
    const common = { at: time, clock: "system", hold: "0a1b2c3d", reason: "case closed" } as const;
    return kind === "hold-lifted" ? { kind, ...common } : { kind, ...common, end: dayOf(end) };
  };
  const copies = groupOf("2024-11-01", { retentionClass: "hold-0a1b2c3d" });
  const held = (lastDay: string): PurgeModel => {
    const model = modelOf([copies], {
      ...policyOf(),
      holds: [{ retentionClass: "hold-0a1b2c3d", lastDay: dayOf(lastDay) }],
    });
    model.records.push(hold("hold-renewed", "2026-10-02T09:00:00Z"));
    return model;
  };

  it("outlast the two years of their day, and go when the hold has ended", () => {
    const model = held("2026-12-31");
    expect(decideIn(model, at("2026-12-01T02:17:00"))).toMatchObject({
      destroy: [],
      keep: [{ rule: { kind: "hold" } }],
    });
    expect(goneBy(decideIn(model, at("2027-01-01T00:00:00")))).toEqual(["raw/2024-11-01/hold-0a1b2c3d"]);
  });

  it("are planned anew when the hold was renewed after a plan", () => {
    const model = held("2026-12-31");
    expect(runIn(model, at("2026-12-29T02:17:00")).plans).toMatchObject([{ kind: "certain" }]);
    model.records.push(hold("hold-renewed", "2026-12-30T09:00:00Z", "2027-01-31"));
    model.policy = held("2027-01-31").policy;
    expect(runIn(model, at("2027-01-01T02:17:00"))).toMatchObject({ destroy: [], plans: [], keep: [{}] });
    expect(runIn(model, at("2027-01-30T02:17:00")).plans).toMatchObject([{ kind: "certain" }]);
  });

  it("have a grace after the hold is lifted", () => {
    const model = held("2026-12-09");
    model.records.push(hold("hold-lifted", "2026-12-10T09:00:00Z"));
    expect(runIn(model, at("2026-12-11T02:17:00"))).toMatchObject({
      destroy: [],
      plans: [{ kind: "grace" }],
    });
    expect(goneBy(decideIn(model, at("2026-12-13T02:17:00")))).toEqual(["raw/2024-11-01/hold-0a1b2c3d"]);
  });
});

describe("what was begun", () => {
  it("is ended by the next run, and not begun again", () => {
    const model = modelOf([groupOf("2024-11-20", { objects: 2 }), groupOf("2024-11-21")]);
    // The policy, the plan, the first begin, and one object of the first group.
    runIn(model, at("2026-11-22T02:17:00"), 4);
    const decision = decideIn(model, at("2026-11-22T03:00:00"));
    expect(decision.resume).toMatchObject([{ sequence: 3, listed: { group: { objects: 1 } } }]);
    expect(goneBy(decision)).toEqual(["raw/2024-11-21/standard"]);
  });

  it("waits for its certificate when nothing of it is listed any more", () => {
    const model = modelOf([groupOf("2024-11-20")]);
    runIn(model, at("2026-11-22T02:17:00"), 5);
    expect(decideIn(model, at("2026-11-22T03:00:00"))).toMatchObject({
      destroy: [],
      resume: [{ listed: undefined }],
    });
  });

  it("is ended even if the terms became longer since", () => {
    const model = modelOf(
      [groupOf("2026-11-01", { retentionClass: "short", objects: 2 })],
      policyOf({ short: "7d" }),
    );
    runIn(model, at("2026-11-10T02:17:00"));
    runIn(model, at("2026-11-12T02:17:00"), 1);
    model.policy = policyOf();
    expect(decideIn(model, at("2026-11-12T03:00:00"))).toMatchObject({ resume: [{}], keep: [] });
  });

  it("is done again for what turns up later", () => {
    const model = modelOf([groupOf("2024-11-20")]);
    runIn(model, at("2026-11-22T02:17:00"));
    model.groups = [groupOf("2024-11-20")];
    expect(goneBy(runIn(model, at("2026-11-22T03:00:00")))).toEqual(["raw/2024-11-20/standard"]);
    expect(model.records.filter(({ kind }) => kind === "purge-certificate")).toHaveLength(2);
  });
});

describe("the terms that are recorded", () => {
  it("are so once, and again only when they do something else to a day", () => {
    const model = modelOf([], policyOf({ short: "12m", quarantine: "14d" }));
    expect(runIn(model, at("2026-11-22T02:17:00")).policyRecord).toEqual({
      kind: "retention-policy",
      classes: { standard: { raw: "2y", analytics: "2y" }, short: { raw: "12m", analytics: "12m" } },
      quarantineTerm: "14d",
    });
    for (const same of [
      { short: "1y", quarantine: "2w" },
      { short: "12m", standard: "24m", quarantine: "14d" },
    ]) {
      model.policy = policyOf(same);
      expect(decideIn(model, at("2026-11-22T03:00:00")).policyRecord).toBeUndefined();
    }
    for (const other of [{ short: "365d", quarantine: "14d" }, { short: "1y" }, { quarantine: "14d" }]) {
      model.policy = policyOf(other);
      expect(decideIn(model, at("2026-11-22T03:00:00")).policyRecord).toBeDefined();
    }
  });
});

describe("what is overdue", () => {
  it("is so 24 hours after its due instant, whether it goes now or not", () => {
    const model = modelOf([groupOf("2024-11-20")]);
    expect(decideIn(model, at("2026-11-21T23:59:59.999")).overdue).toEqual([]);
    expect(decideIn(model, at("2026-11-22T00:00:00")).overdue).toMatchObject([
      { group: { day: "2024-11-20" }, since: "2026-11-21T00:00:00.000Z", goesNow: true },
    ]);
  });

  it("is what was cancelled too", () => {
    const store = modelOf([groupOf("2026-11-01", { retentionClass: "short" })], policyOf({ short: "30d" }));
    runIn(store, at("2026-11-01T02:17:00"));
    runIn(store, at("2026-11-29T02:17:00"));
    store.records.push(verdictOn("purge-cancelled", planNumber(store), at("2026-11-30T09:00:00")));
    expect(decideIn(store, at("2026-12-02T23:59:59")).overdue).toEqual([]);
    expect(decideIn(store, at("2026-12-03T00:00:00")).overdue).toMatchObject([
      { since: "2026-12-02T00:00:00.000Z", goesNow: false },
    ]);
  });

  it("is nothing that a term made shorter since would have had gone, before that term's own grace is over", () => {
    const store = modelOf([groupOf("2026-06-01")]);
    runIn(store, at("2026-11-01T02:17:00"));
    store.policy = policyOf({ standard: "90d" });
    runIn(store, at("2026-11-10T00:00:00"));
    expect(decideIn(store, at("2026-11-12T23:59:59")).overdue).toEqual([]);
    expect(decideIn(store, at("2026-11-13T00:00:00")).overdue).toMatchObject([
      { since: "2026-11-12T00:00:00.000Z" },
    ]);
  });
});
