import { describe, expect, it } from "vitest";
import { foldRetention } from "../../retention/retention-state.ts";
import { appendRecord } from "../../src/ledger/chain.ts";
import { readControl } from "../../src/ledger/read-control.ts";
import type { RecordBody } from "../../src/ledger/record.ts";
import { writerTo } from "../support/ledger-writer.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { dayOf, stateOf, termOf } from "../support/purge-objects.ts";

const stamp = { at: "2026-11-22T02:17:00Z", clock: "system" } as const;
const policy: RecordBody = { kind: "retention-policy", ...stamp, classes: {}, quarantineTerm: "90d" };
const plan: RecordBody = {
  kind: "purge-planned",
  ...stamp,
  groups: [],
  notBefore: "2026-11-24T02:17:00Z",
  approvals: [],
};

function verdict(kind: "purge-approved" | "purge-cancelled", number: number): RecordBody {
  return { kind, ...stamp, plan: number, by: "dpo", reason: "checked" };
}

describe("what the control chain says of retention", () => {
  it("is read from a real chain, whose records count once their key is accepted", async () => {
    const ledger = createMemoryStore("memory:ledger");
    const writer = writerTo(ledger);
    const { key } = writer.signer;
    await appendRecord(writer, "control", policy);
    const accepted = {
      kind: "writer-accepted",
      ...stamp,
      chain: "control",
      key,
      name: "a",
      how: "first",
    } as const;
    await appendRecord(writer, "control", accepted);
    await appendRecord(writer, "control", { ...policy, quarantineTerm: "7d" });
    const { records, writers } = await readControl(ledger);
    const { policies } = foldRetention(records, writers);
    expect(policies).toMatchObject([
      { sequence: 3, policy: { quarantineTerm: { count: 7, unit: "d" }, holds: [] } },
    ]);
  });

  it("leaves out what a key nobody accepted has signed, its time too", () => {
    const records = [{ ...policy, at: "2030-01-01T00:00:00Z" }];
    const state = foldRetention(
      records.map((body, index) => ({
        record: { version: 2, store: "", chain: "control", sequence: index + 1, previous: "", body },
        sha256: "",
        signedBy: "ed25519:stranger",
      })),
      { trusts: () => false },
    );
    expect(state).toMatchObject({ policies: [], newestRecordMs: undefined });
  });

  it("has of each plan what was said of it last", () => {
    expect(stateOf([plan]).plans).toMatchObject([
      { sequence: 1, verdict: "none", verdictSequence: undefined },
    ]);
    const cancelled = [plan, verdict("purge-approved", 1), verdict("purge-cancelled", 1)];
    expect(stateOf(cancelled).plans).toMatchObject([{ verdict: "cancelled", verdictSequence: 3 }]);
    expect(stateOf([...cancelled, verdict("purge-approved", 1)]).plans).toMatchObject([
      { verdict: "approved" },
    ]);
    expect(stateOf([verdict("purge-approved", 7)]).plans).toEqual([]);
  });

  it("has the first certificate of what was begun, and no other", () => {
    const group = { view: "raw", day: dayOf("2024-11-20"), retentionClass: "standard" } as const;
    const rule = { kind: "class", term: "2y", dueDay: dayOf("2026-11-21") } as const;
    const inventory = { key: "inventories/0", sizeBytes: 0, sha256: "" };
    const begun: RecordBody = { kind: "purge-begun", ...stamp, group, rule, plan: 1, inventory };
    const certificate: RecordBody = {
      ...begun,
      kind: "purge-certificate",
      begun: 1,
      objects: 1,
      versions: 0,
      deleteMarkers: 0,
      uploads: 0,
      rows: 1,
      sizeBytes: 1,
      unrecordedObjects: 0,
      clocks: { local: stamp.at, store: null },
      keys: { kind: "none" },
      holds: [],
      verification: { at: stamp.at, listings: 1 },
      exceptions: [],
      by: "purger",
    };
    expect(stateOf([begun])).toMatchObject({ begun: [{ sequence: 1 }], certificates: [] });
    const state = stateOf([begun, certificate, certificate]);
    expect(state.begun).toEqual([]);
    expect(state.certificates.map(({ sequence }) => sequence)).toEqual([2]);
  });

  it("takes a term that it cannot read for the longest", () => {
    const odd: RecordBody = { ...policy, classes: { shop: { raw: "1 fortnight", analytics: "7d" } } };
    expect(stateOf([odd]).policies[0]?.policy.classes["shop"]).toEqual({
      raw: termOf("2y"),
      analytics: termOf("7d"),
    });
  });

  it("has every end that a hold had, and when it was told", () => {
    const hold = { clock: "system", hold: "0a1b2c3d", reason: "case" } as const;
    const ends = stateOf([
      { kind: "hold-renewed", ...hold, at: "2026-11-01T09:00:00Z", end: dayOf("2026-12-31") },
      { kind: "hold-lifted", ...hold, at: "2026-11-20T09:00:00Z" },
    ]).holdEnds.get("hold-0a1b2c3d");
    expect(ends).toEqual([
      { atMs: Date.parse("2026-11-01T09:00:00Z"), lastDay: "2026-12-31" },
      { atMs: Date.parse("2026-11-20T09:00:00Z"), lastDay: "2026-11-19" },
    ]);
  });

  it("knows the newest time of any record, and of the last run", () => {
    const ran: RecordBody = {
      kind: "retention-ran",
      ...stamp,
      clocks: { local: stamp.at, store: null },
      certified: 0,
      overdue: 0,
    };
    const late: RecordBody = {
      kind: "export-gone",
      at: "2026-11-25T00:00:00Z",
      clock: "system",
      number: 1,
      reason: "x",
    };
    expect(stateOf([ran, late, policy])).toMatchObject({
      newestRecordMs: Date.parse("2026-11-25T00:00:00Z"),
      lastRunMs: Date.parse(stamp.at),
    });
  });
});
