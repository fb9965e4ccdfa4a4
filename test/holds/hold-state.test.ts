import { describe, expect, it } from "vitest";
import type { Day } from "../../src/day.ts";
import { destroyedDays } from "../../src/holds/destroyed-days.ts";
import { formatScope, parseScope } from "../../src/holds/hold-scope.ts";
import { foldHolds, holdTerms, isLive, touches } from "../../src/holds/hold-state.ts";
import {
  attachment,
  copiedRecord,
  foldedHolds,
  liftedRecord,
  placedRecord,
  renewedRecord,
  storedRecords,
  trustsAll,
} from "./support/hold-records.ts";

const day = (text: string): Day => text as Day;
const term = (lastDay: string) => [{ retentionClass: "hold-0a1b2c3d", lastDay }];

describe("foldHolds", () => {
  it("tells of each hold what was said of it", () => {
    const copied = copiedRecord({ rows: 3 });
    expect(
      foldedHolds(placedRecord(), copied, copied, renewedRecord("2026-06-01", "2026-04-01T00:00:00.000Z")),
    ).toEqual([
      {
        id: "0a1b2c3d",
        case: "K 12/26",
        basis: "order 7",
        placedAt: "2026-02-04T01:00:00.000Z",
        firstDay: "2026-02-01",
        lastDay: "2026-02-03",
        end: "2026-06-01",
        scope: attachment(),
        domains: 1,
        addresses: 2,
        copied: new Map([["2026-02-01", [copied, copied]]]),
      },
    ]);
  });

  it("takes no word of keys that nobody accepted, of holds never placed, and none once it was lifted", () => {
    const records = storedRecords(placedRecord(), renewedRecord("2027-01-01"));
    expect(foldHolds(records, { trusts: ({ record }) => record.sequence === 1 })).toMatchObject([
      { end: "2026-05-05" },
    ]);
    expect(foldHolds(records, { trusts: () => false })).toEqual([]);
    expect(foldedHolds(renewedRecord("2026-06-01", "2026-04-01T00:00:00.000Z"))).toEqual([]);
    const lifted = liftedRecord("2026-03-01T12:00:00.000Z");
    expect(
      foldedHolds(
        placedRecord(),
        lifted,
        renewedRecord("2026-06-01", "2026-04-01T00:00:00.000Z"),
        copiedRecord(),
      ),
    ).toMatchObject([{ end: "2026-05-05", liftedAt: "2026-03-01T12:00:00.000Z", copied: new Map() }]);
    expect(foldedHolds(placedRecord(), placedRecord({ end: day("2026-12-31") }))).toMatchObject([
      { end: "2026-05-05" },
    ]);
  });
});

describe("a hold's term", () => {
  it("ends with its last day, as it was renewed, or with the day before it was lifted", () => {
    expect(holdTerms(foldedHolds(placedRecord()))).toEqual(term("2026-05-05"));
    expect(
      holdTerms(foldedHolds(placedRecord(), renewedRecord("2026-06-01", "2026-04-01T00:00:00.000Z"))),
    ).toEqual(term("2026-06-01"));
    const lifted = (at: string) => holdTerms(foldedHolds(placedRecord(), liftedRecord(at)));
    expect(lifted("2026-03-01T00:00:00.000Z")).toEqual(term("2026-02-28"));
    expect(lifted("2026-03-01T23:59:59.999Z")).toEqual(term("2026-02-28"));
    expect(lifted("2026-07-01T00:00:00.000Z")).toEqual(term("2026-05-05"));
  });

  it("is over the day after; then it is not live, and no day before", () => {
    const [hold] = foldedHolds(placedRecord());
    const [lifted] = foldedHolds(placedRecord(), liftedRecord("2026-02-05T00:00:00.000Z"));
    if (hold === undefined || lifted === undefined) throw new Error("no hold");
    expect(isLive(hold, day("2026-05-05"))).toBe(true);
    expect(isLive(hold, day("2026-05-06"))).toBe(false);
    expect(isLive(lifted, day("2026-02-05"))).toBe(false);
  });

  it("touches raw of its days, and no copies for holds", () => {
    const [hold] = foldedHolds(placedRecord());
    if (hold === undefined) throw new Error("no hold");
    const group = { view: "raw", day: day("2026-02-01"), retentionClass: "standard" } as const;
    expect(touches(hold, group)).toBe(true);
    expect(touches(hold, { ...group, day: day("2026-02-03") })).toBe(true);
    expect(touches(hold, { ...group, day: day("2026-02-04") })).toBe(false);
    expect(touches(hold, { ...group, day: day("2026-01-31") })).toBe(false);
    expect(touches(hold, { ...group, view: "analytics" })).toBe(false);
    expect(touches(hold, { ...group, view: "quarantine" })).toBe(false);
    expect(touches(hold, { ...group, retentionClass: "hold-11111111" })).toBe(false);
  });
});

describe("destroyedDays", () => {
  it("are those of which raw rows of nodes, or the keys to them, were destroyed", () => {
    const at = { at: "2026-02-04T01:00:00.000Z", clock: "system" } as const;
    const key = (text: string, retentionClass = "standard", view: "raw" | "quarantine" = "raw") => ({
      view,
      day: day(text),
      retentionClass,
      recipient: "age1",
    });
    const records = storedRecords(
      {
        kind: "keys-destroyed",
        ...at,
        keys: [
          key("2026-02-03"),
          key("2026-02-02", "hold-11111111"),
          key("2026-02-02", "standard", "quarantine"),
          key("2026-02-09"),
        ],
        copies: [],
        exportsOutstanding: [],
        probe: "not tried",
      },
      { kind: "purge", ...at, view: "raw", day: day("2026-02-01"), policy: [], objects: [], failures: 0 },
      {
        kind: "purge",
        ...at,
        view: "analytics",
        day: day("2026-02-02"),
        policy: [],
        objects: [],
        failures: 0,
      },
    );
    const days = { firstDay: day("2026-02-01"), lastDay: day("2026-02-03") };
    expect(destroyedDays(days, records, trustsAll)).toEqual(["2026-02-01", "2026-02-03"]);
    expect(destroyedDays(days, records, { trusts: () => false })).toEqual([]);
  });
});

describe("a scope", () => {
  it("reads back as it was written, and nothing else is one", () => {
    const scope = { domains: ["*.example.org"], addresses: ["2001:db8::/32"] };
    expect(parseScope(formatScope(scope))).toEqual(scope);
    for (const text of [
      "",
      "[]",
      "null",
      '{"version":2,"domains":[],"addresses":[]}',
      '{"version":1,"domains":[1],"addresses":[]}',
      '{"version":1,"domains":[]}',
    ]) {
      expect(parseScope(Buffer.from(text)), text).toBeUndefined();
    }
  });
});
