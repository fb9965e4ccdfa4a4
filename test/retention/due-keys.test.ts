import { describe, expect, it } from "vitest";
import { decideKeys, type KeyDecision } from "../../retention/due-keys.ts";
import { addDays } from "../../src/day.ts";
import type { KeyEntry } from "../../src/keyring/keyring.ts";
import type { RecordBody } from "../../src/ledger/record.ts";
import { type DayKeyName, formatDayKey } from "../../src/seal/day-key-name.ts";
import { decideIn, modelOf, type PurgeModel, runIn } from "../support/purge-model.ts";
import { dayOf, groupOf, policyOf, stateOf } from "../support/purge-objects.ts";

const bulk = groupOf("2026-11-20", { sizeBytes: 1e9 });

function key(day: string, retentionClass = "standard", destroyedAt?: string): KeyEntry {
  const name: DayKeyName = { view: "raw", day: dayOf(day), retentionClass };
  return { ...name, recipient: "age1…", createdAt: "2024-01-01T00:00:00Z", destroyedAt };
}

/** As on the machine that purges. */
function decideBeside(model: PurgeModel, entries: readonly KeyEntry[], at: string): KeyDecision {
  return decideKeys({ ...questionOf(model, entries, at), decision: decideIn(model, at) });
}

/** As on a custodian's machine, which lists nothing. */
function decideElsewhere(
  model: PurgeModel,
  entries: readonly KeyEntry[],
  at: string,
  daysAtOnceMax?: number,
): KeyDecision {
  return decideKeys({ ...questionOf(model, entries, at), daysAtOnceMax });
}

function questionOf(
  model: PurgeModel,
  entries: readonly KeyEntry[],
  at: string,
): Parameters<typeof decideKeys>[0] {
  return { entries, policy: model.policy, state: stateOf(model.records), nowMs: Date.parse(at) };
}

function names({ destroy }: KeyDecision): readonly string[] {
  return destroy.map(formatDayKey);
}

describe("the key of a day", () => {
  it("goes with its objects, on the day behind the last of its term", () => {
    const model = modelOf([groupOf("2024-11-22"), bulk]);
    const keys = [key("2024-11-22"), key("2024-11-23")];
    expect(names(decideBeside(model, keys, "2026-11-22T23:59:59Z"))).toEqual([]);
    expect(names(decideBeside(model, keys, "2026-11-23T00:00:00Z"))).toEqual(["raw/2024-11-22/standard"]);
  });

  it("goes though the day never had an object, here and where nothing can be listed", () => {
    const model = modelOf([bulk]);
    for (const decide of [decideBeside, decideElsewhere]) {
      expect(names(decide(model, [key("2024-11-22")], "2026-11-23T00:00:00Z"))).toEqual([
        "raw/2024-11-22/standard",
      ]);
    }
  });

  it("waits as its objects do: for the grace, for an approval, and when they stay", () => {
    const model = modelOf(
      [groupOf("2026-11-01", { retentionClass: "short" }), bulk],
      policyOf({ short: "7d" }),
    );
    const keys = [key("2026-11-01", "short")];
    runIn(model, "2026-11-22T02:17:00Z");
    const plan = model.records.findIndex(({ kind }) => kind === "purge-planned") + 1;
    for (const decide of [decideBeside, decideElsewhere]) {
      expect(decide(model, keys, "2026-11-24T02:16:00Z").waiting).toMatchObject([{ because: "plan" }]);
      expect(names(decide(model, keys, "2026-11-24T02:17:00Z"))).toEqual(["raw/2026-11-01/short"]);
    }
    model.records.push({
      kind: "purge-cancelled",
      plan,
      at: "2026-11-23T02:17:00Z",
      clock: "system",
      by: "dpo",
      reason: "wrong term",
    });
    for (const decide of [decideBeside, decideElsewhere]) {
      expect(decide(model, keys, "2026-11-24T02:17:00Z")).toMatchObject({
        destroy: [],
        waiting: [{ because: "plan" }],
      });
    }
  });

  it("goes with a purge that was begun", () => {
    const model = modelOf([groupOf("2024-11-20", { objects: 2 }), bulk]);
    runIn(model, "2026-11-22T02:17:00Z", 3);
    expect(decideIn(model, "2026-11-22T03:00:00Z").resume).toHaveLength(1);
    expect(names(decideBeside(model, [key("2024-11-20")], "2026-11-22T03:00:00Z"))).toEqual([
      "raw/2024-11-20/standard",
    ]);
  });

  it("is kept while a clock is in doubt", () => {
    const model = modelOf([bulk]);
    model.records.push(ranAt("2026-11-24T00:00:00Z"));
    expect(decideBeside(model, [key("2024-11-20")], "2026-11-23T02:17:00Z")).toMatchObject({
      destroy: [],
      waiting: [{ because: "refused" }],
    });
  });

  it("goes without a plan only by a term that was in force for a grace, and that nobody shortened unasked", () => {
    const model = modelOf([bulk], policyOf({ shop: "2y" }));
    const keys = [key("2026-06-01", "shop")];
    runIn(model, "2026-11-10T02:17:00Z");
    model.policy = policyOf({ shop: "90d" });
    expect(names(decideElsewhere(model, keys, "2026-11-22T02:17:00Z"))).toEqual([]);
    runIn(model, "2026-11-22T02:17:00Z");
    expect(decideElsewhere(model, keys, "2026-12-01T02:17:00Z").waiting).toMatchObject([{ because: "plan" }]);

    const first = modelOf([bulk], policyOf({ shop: "90d" }));
    runIn(first, "2026-11-22T02:17:00Z");
    expect(names(decideElsewhere(first, keys, "2026-11-24T02:16:59Z"))).toEqual([]);
    expect(names(decideElsewhere(first, keys, "2026-11-24T02:17:00Z"))).toEqual(["raw/2026-06-01/shop"]);
  });

  it("of a hold's copies goes when the hold has ended", () => {
    const holds = [{ retentionClass: "hold-0a1b2c3d", lastDay: dayOf("2026-12-31") }];
    const model = modelOf([bulk], { ...policyOf(), holds });
    const keys = [key("2024-11-01", "hold-0a1b2c3d")];
    expect(decideElsewhere(model, keys, "2026-12-31T23:59:59Z")).toEqual({ destroy: [], waiting: [] });
    expect(names(decideElsewhere(model, keys, "2027-01-01T00:00:00Z"))).toEqual([
      "raw/2024-11-01/hold-0a1b2c3d",
    ]);
  });

  it("is none that is destroyed already", () => {
    const keys = [key("2020-01-01", "standard", "2022-01-02T02:17:00Z")];
    expect(decideElsewhere(modelOf([bulk]), keys, "2026-11-22T00:00:00Z")).toEqual({
      destroy: [],
      waiting: [],
    });
  });
});

describe("keys of many days at once", () => {
  const keysOf = (count: number): readonly KeyEntry[] =>
    Array.from({ length: count }, (_, index) => key(addDays(dayOf("2024-11-21"), -index)));

  it("go for 31 days of a view and class, and for one more not at all, unless that many are allowed", () => {
    const at = "2026-11-22T02:17:00Z";
    const model = modelOf([bulk]);
    expect(decideElsewhere(model, keysOf(31), at).destroy).toHaveLength(31);
    const bitten = decideElsewhere(model, keysOf(32), at);
    expect(bitten.destroy).toEqual([]);
    expect(new Set(bitten.waiting.map(({ because }) => because))).toEqual(new Set(["many-days"]));
    expect(decideElsewhere(model, keysOf(32), at, 32).destroy).toHaveLength(32);
  });

  it("go for days without objects between those of an approved plan", () => {
    const at = "2026-11-22T02:17:00Z";
    // Of 80 days each other has objects.
    const days = keysOf(80).filter((_, index) => index % 2 === 0);
    const model = modelOf([...days.map(({ day }) => groupOf(day)), bulk]);
    runIn(model, at);
    expect(decideBeside(model, keysOf(79), at).destroy).toEqual([]);
    const plan = model.records.findIndex(({ kind }) => kind === "purge-planned") + 1;
    model.records.push({ kind: "purge-approved", plan, at, clock: "system", by: "dpo", reason: "checked" });
    expect(decideBeside(model, keysOf(79), at).destroy).toHaveLength(79);
    expect(decideElsewhere(model, keysOf(79), at).destroy).toHaveLength(79);
  });
});

function ranAt(at: string): RecordBody {
  const clocks = { local: at, store: null };
  return { kind: "retention-ran", at, clock: "system", clocks, certified: 0, overdue: 0 };
}
