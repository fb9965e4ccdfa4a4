import { describe, expect, it } from "vitest";
import { type Finding, isSerious } from "../../src/audit/finding.ts";
import type { RecordedObject } from "../../src/ledger/record.ts";
import type { RewriteRecord } from "../../src/ledger/rewrite-record.ts";
import { HOLD_NODE } from "../../src/partition.ts";
import { replaceObject } from "../ledger/memory-ledger.ts";
import { appendControl, auditOf } from "../support/audit.ts";
import { memoryRoots, type Roots, sourceOf, type TestBatch } from "../support/recorded-batch.ts";
import {
  commit,
  day,
  madeObject,
  objectOf,
  recordBegun,
  recordCertificate,
  recordedOf,
  stamp,
} from "./law-store.ts";

// Every object that was ever recorded is there, or is an input of one later record; and nothing else is there.

async function storeWithBatch(): Promise<{ roots: Roots; batch: TestBatch; raw: RecordedObject }> {
  const roots = memoryRoots();
  const batch = await commit(roots, [sourceOf(0, 100)]);
  return { roots, batch, raw: objectOf(batch, "raw") };
}

async function findings(roots: Roots): Promise<readonly Finding[]> {
  return (await auditOf(roots)).findings;
}

describe("a certificate", () => {
  it("accounts for the objects of its inventory", async () => {
    const { roots, raw } = await storeWithBatch();
    await recordBegun(roots, [raw]);
    await roots.raw.remove([raw.key]);
    await recordCertificate(roots, [raw]);
    const { findings: found, objects } = await auditOf(roots);
    expect(found).toEqual([]);
    expect(objects.raw).toMatchObject({ recorded: 1, destroyed: 1, listed: 0, leaving: 0 });
  });

  it("is refuted by an object that is still there", async () => {
    const { roots, raw } = await storeWithBatch();
    await recordCertificate(roots, [raw]);
    expect(await findings(roots)).toEqual([{ kind: "undead", view: "raw", key: raw.key }]);
  });

  it("accounts for an object that no batch recorded, and that is gone", async () => {
    const { roots } = await storeWithBatch();
    await recordCertificate(roots, [madeObject("raw")]);
    expect(await findings(roots)).toEqual([]);
  });

  it("may destroy once more what was restored meanwhile", async () => {
    const { roots, raw } = await storeWithBatch();
    await roots.raw.remove([raw.key]);
    await recordCertificate(roots, [raw]);
    await recordCertificate(roots, [raw]);
    expect(await findings(roots)).toEqual([]);
  });

  const broken: readonly [string, (roots: Roots, key: string) => Promise<unknown>, string][] = [
    ["is missing", (roots, key) => roots.ledger.remove([key]), "is missing"],
    ["was changed", (roots, key) => replaceObject(roots.ledger, key, "x"), "is not what was recorded"],
  ];

  it.each(broken)("accounts for nothing when its inventory %s", async (_name, change, message) => {
    const { roots, raw } = await storeWithBatch();
    await roots.raw.remove([raw.key]);
    const { key } = await recordBegun(roots, [raw]);
    await recordCertificate(roots, [raw]);
    await change(roots, key);
    expect(await findings(roots)).toEqual([
      { kind: "certificate", sequence: 3, message: expect.stringContaining(`${key} ${message}`) },
      { kind: "missing", view: "raw", key: raw.key },
    ]);
  });

  it.each([
    ["objects", { objects: 2 }],
    ["rows", { rows: 11 }],
    ["bytes", { sizeBytes: 1 }],
    ["versions", { versions: 1 }],
    ["delete markers", { deleteMarkers: 1 }],
    ["uploads", { uploads: 1 }],
    ["unrecorded objects", { unrecordedObjects: 1 }],
    ["class", { group: { view: "raw", day, retentionClass: "short" } as const }],
  ])("accounts for nothing when its %s are not those of its inventory", async (_name, change) => {
    const { roots, raw } = await storeWithBatch();
    await roots.raw.remove([raw.key]);
    await recordCertificate(roots, [raw], change);
    expect((await findings(roots)).map(({ kind }) => kind)).toEqual(["certificate", "missing"]);
  });
});

describe("a purge that has begun", () => {
  const begunMs = Date.parse(stamp.at);
  const wish = { inFlightMs: 3_600_000 };

  it("may be half done, for as long as a batch may be on its way", async () => {
    const { roots, raw } = await storeWithBatch();
    await recordBegun(roots, [raw]);
    await roots.raw.remove([raw.key]);
    const young = await auditOf(roots, { ...wish, nowMs: begunMs + 3_600_000 });
    expect(young.findings).toEqual([]);
    expect(young.objects.raw.leaving).toBe(1);
    const old = await auditOf(roots, { ...wish, nowMs: begunMs + 3_600_001 });
    expect(old.findings).toEqual([{ kind: "missing", view: "raw", key: raw.key }]);
  });

  it("explains no other object that is gone", async () => {
    const { roots, batch, raw } = await storeWithBatch();
    const { key } = objectOf(batch, "analytics");
    await recordBegun(roots, [raw]);
    await roots.analytics.remove([key]);
    const { findings: found, objects } = await auditOf(roots, { ...wish, nowMs: begunMs });
    expect(found).toEqual([{ kind: "missing", view: "analytics", key }]);
    expect(objects.raw.leaving).toBe(0);
  });
});

describe("a rewrite", () => {
  const output = madeObject("raw", { name: "packed" });

  async function rewrite(roots: Roots, change: Partial<RewriteRecord>): Promise<void> {
    await appendControl(roots.ledger, {
      kind: "rewrite",
      ...stamp,
      reason: "pack",
      inputs: [],
      outputs: [],
      rowsErased: {},
      ...change,
    });
  }

  it("takes its inputs away and puts its outputs there", async () => {
    const { roots, raw } = await storeWithBatch();
    await roots.raw.create(output.key, output.bytes);
    await roots.raw.remove([raw.key]);
    await rewrite(roots, { inputs: [raw], outputs: [recordedOf(output)] });
    expect(await findings(roots)).toEqual([]);
    await roots.raw.remove([output.key]);
    expect(await findings(roots)).toEqual([{ kind: "missing", view: "raw", key: output.key }]);
  });

  it.each([
    ["lost a row", 9, {}, 1],
    ["made one up", 11, {}, -1],
    ["erased one that it says it did not", 9, { request: 2 }, -1],
  ])("is found when it %s", async (_name, rowsOut, rowsErased: Record<string, number>, rows) => {
    const { roots, raw } = await storeWithBatch();
    await roots.raw.create(output.key, output.bytes);
    await roots.raw.remove([raw.key]);
    await rewrite(roots, { inputs: [raw], outputs: [{ ...recordedOf(output), rows: rowsOut }], rowsErased });
    const found = await findings(roots);
    expect(found).toEqual([{ kind: "rows-lost", chain: "control", sequence: 2, rows }]);
    expect(found.every(isSerious)).toBe(true);
  });

  it("accounts for rows that were erased, by the reason", async () => {
    const { roots, raw } = await storeWithBatch();
    await roots.raw.create(output.key, output.bytes);
    await roots.raw.remove([raw.key]);
    const outputs = [{ ...recordedOf(output), rows: 7 }];
    await rewrite(roots, { inputs: [raw], outputs, rowsErased: { request: 2, expired: 1 } });
    expect(await findings(roots)).toEqual([]);
  });

  it("is found when it takes what another has taken: its rows would be there twice", async () => {
    const { roots, raw } = await storeWithBatch();
    await roots.raw.remove([raw.key]);
    await rewrite(roots, { inputs: [raw], rowsErased: { request: raw.rows } });
    await rewrite(roots, { inputs: [raw], rowsErased: { request: raw.rows } });
    expect(await findings(roots)).toEqual([{ kind: "consumed-twice", view: "raw", key: raw.key }]);
  });

  it("is found when it takes what is certified as destroyed: its rows would be there again", async () => {
    const { roots, raw } = await storeWithBatch();
    await roots.raw.remove([raw.key]);
    await recordCertificate(roots, [raw]);
    await rewrite(roots, { inputs: [raw], rowsErased: { request: raw.rows } });
    expect(await findings(roots)).toContainEqual({ kind: "consumed-twice", view: "raw", key: raw.key });
  });
});

describe("copies for a hold", () => {
  const copy = madeObject("raw", {
    name: "copy",
    node: HOLD_NODE,
    retentionClass: "hold-0123abcd",
    isSealed: true,
  });

  async function recordCopies(roots: Roots): Promise<void> {
    const inputs = { key: "holds/0.json.gz", sizeBytes: 1, sha256: "0".repeat(64) };
    const outputs = [recordedOf(copy)];
    const counts = { inputs, inputObjects: 1, outputs, rows: copy.rows };
    await appendControl(roots.ledger, { kind: "hold-copied", ...stamp, hold: "0123abcd", day, ...counts });
  }

  it("are on record, and leave what they were copied from where it is", async () => {
    const { roots } = await storeWithBatch();
    await roots.raw.create(copy.key, copy.bytes);
    await recordCopies(roots);
    expect(await findings(roots)).toEqual([]);
  });

  it("are missed when they are gone, and found when no record names them", async () => {
    const { roots } = await storeWithBatch();
    await recordCopies(roots);
    expect(await findings(roots)).toEqual([{ kind: "missing", view: "raw", key: copy.key }]);
    const other = await storeWithBatch();
    await other.roots.raw.create(copy.key, copy.bytes);
    expect(await findings(other.roots)).toMatchObject([
      { kind: "unrecorded", key: copy.key, node: HOLD_NODE },
    ]);
  });
});

describe("objects that are recorded while the store is listed", () => {
  it("need not be in the listing, however many they are", async () => {
    const roots = memoryRoots();
    const copies = Array.from({ length: 1100 }, (_, number) =>
      madeObject("raw", { name: `${number}`, node: HOLD_NODE }),
    );
    const put = async (): Promise<void> => {
      for (const { key, bytes } of copies) await roots.raw.create(key, bytes);
      const inputs = { key: "holds/0.json.gz", sizeBytes: 1, sha256: "0".repeat(64) };
      const counts = { inputs, inputObjects: 1, outputs: copies.map(recordedOf), rows: 1 };
      await appendControl(roots.ledger, { kind: "hold-copied", ...stamp, hold: "0123abcd", day, ...counts });
    };
    const quarantine: Roots["quarantine"] = {
      ...roots.quarantine,
      async *list(prefix, options) {
        await put();
        yield* roots.quarantine.list(prefix, options);
      },
    };
    const { findings: found, more } = await auditOf({ ...roots, quarantine });
    expect([found, more]).toEqual([[], {}]);
  });
});

describe("destroyed keys", () => {
  const sealed = madeObject("raw", { isSealed: true });

  async function recordKeysDestroyed(roots: Roots): Promise<void> {
    const keys = [{ view: "raw", day, retentionClass: "standard", recipient: "age1example" }] as const;
    const rest = { copies: [], exportsOutstanding: [], probe: "cannot be opened" } as const;
    await appendControl(roots.ledger, { kind: "keys-destroyed", ...stamp, keys, ...rest });
  }

  it("are outstanding as long as no record says it of a group whose sealed objects are certified as gone", async () => {
    const roots = memoryRoots();
    await recordCertificate(roots, [sealed]);
    expect((await auditOf(roots)).keys).toEqual({ certified: 1, outstanding: 1 });
    await recordKeysDestroyed(roots);
    expect((await auditOf(roots)).keys).toEqual({ certified: 1, outstanding: 0 });
  });

  it("are none of objects that were never sealed", async () => {
    const roots = memoryRoots();
    await recordCertificate(roots, [madeObject("raw")]);
    await recordCertificate(roots, [madeObject("analytics")]);
    expect((await auditOf(roots)).keys).toEqual({ certified: 0, outstanding: 0 });
  });

  it("leave sealed objects overdue that are still there", async () => {
    const { roots } = await storeWithBatch();
    await recordKeysDestroyed(roots);
    expect((await auditOf(roots)).objects.raw.overdue).toBe(0);
    await roots.raw.create(sealed.key, sealed.bytes);
    expect((await auditOf(roots)).objects.raw.overdue).toBe(1);
  });
});
