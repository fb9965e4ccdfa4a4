import { describe, expect, it } from "vitest";
import { listObjects } from "../../query/io/list-objects.ts";
import type { Day } from "../../src/day.ts";
import type { KeyEntry } from "../../src/keyring/keyring.ts";
import { planAlarms } from "../../src/keyring/plan-alarms.ts";
import { formatKey, isHoldName, isNodeName, parseKey } from "../../src/partition.ts";
import { seriesOfEntries } from "../../src/recipients/series-of-entries.ts";
import { createMemoryStore } from "../support/memory-store.ts";

const day = "2026-02-01" as Day;
const batch = "0123456789abcdef0123456789abcdef";
const copyName = { day, node: "hold", retentionClass: "hold-0a1b2c3d", batch, isSealed: true };

function entry(retentionClass: string, of: Day = day): KeyEntry {
  return {
    view: "raw",
    day: of,
    retentionClass,
    recipient: "age1",
    createdAt: "2026-02-04T00:00:00Z",
    destroyedAt: undefined,
  };
}

describe("the name of a copy for a hold", () => {
  it("reads back, and is no node's", () => {
    const key = formatKey(copyName);
    expect(key).toBe(`dt=2026-02-01/hold_hold-0a1b2c3d_${batch}.parquet.age`);
    expect(parseKey(key)).toEqual(copyName);
    expect(isHoldName(copyName)).toBe(true);
    expect(isHoldName({ ...copyName, node: "web1" })).toBe(false);
    for (const retentionClass of ["standard", "hold-0a1b2c3", "hold-0a1b2c3d4", "hold-0A1B2C3D", "hold"]) {
      expect(isHoldName({ ...copyName, retentionClass }), retentionClass).toBe(false);
    }
    expect(isNodeName("hold")).toBe(false);
    expect(isNodeName("hold-1")).toBe(true);
  });

  it("leaves it out of look-ups, but for those that ask for that hold", async () => {
    const store = createMemoryStore("memory:raw");
    const other = { ...copyName, retentionClass: "hold-11111111" };
    const names = [copyName, other, { ...copyName, node: "web1", retentionClass: "standard" }];
    for (const name of names) await store.create(formatKey(name), new Uint8Array(1));
    const listing = await listObjects(store, "raw", [day], new AbortController().signal);
    expect(listing.objects.map(({ key }) => key)).toEqual([
      formatKey({ ...copyName, node: "web1", retentionClass: "standard" }),
    ]);
    expect(listing.copiesFor("0a1b2c3d").map(({ key }) => key)).toEqual([formatKey(copyName)]);
    expect(listing.copiesFor("22222222")).toEqual([]);
    expect(listing.unrecognised).toEqual([]);
  });
});

describe("the keys of holds", () => {
  it("are not among those that nodes are told to seal for", () => {
    const series = seriesOfEntries([entry("standard"), entry("hold-0a1b2c3d")]);
    expect(series.map(({ retentionClass }) => retentionClass)).toEqual(["standard"]);
  });

  it("alarm nobody because of their day, which may be long past its term", () => {
    const alarmsOf = (one: KeyEntry): readonly string[] => {
      const sight = {
        keyring: {
          folder: "/keys",
          storeId: "0",
          kind: "small",
          providerKey: "ed25519:",
          custodianRecipient: "age1",
          people: [],
        },
        entries: [one],
        exports: [],
        published: undefined,
        publishedBy: undefined,
        wished: [],
        today: "2026-02-04" as Day,
      } as const;
      return planAlarms(sight, []).map(({ kind }) => kind);
    };
    const old = "2023-01-01" as Day;
    expect(alarmsOf(entry("standard", old))).toContain("past-due");
    expect(alarmsOf(entry("hold-0a1b2c3d", old))).not.toContain("past-due");
  });
});
