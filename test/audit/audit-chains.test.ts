import { describe, expect, it } from "vitest";
import { type Finding, isSerious } from "../../src/audit/finding.ts";
import { putAttachment } from "../../src/ledger/attachment.ts";
import { appendRecord, findHead, recordKey } from "../../src/ledger/chain.ts";
import { CHECKPOINT_CHAIN, CONTROL_CHAIN } from "../../src/partition.ts";
import { replaceObject } from "../ledger/memory-ledger.ts";
import { appendControl, auditOf } from "../support/audit.ts";
import { otherSigner, testSigner, testStoreId, writerTo } from "../support/ledger-writer.ts";
import { batchOf, memoryRoots, type Roots, sourceOf } from "../support/recorded-batch.ts";
import {
  commit,
  day,
  madeObject,
  node,
  objectOf,
  recordBegun,
  recordCertificate,
  recordedOf,
  stamp,
} from "./law-store.ts";

// An audit believes a ledger as far as its chains hold, and no record by a key that nobody has accepted.

async function findings(roots: Roots): Promise<readonly Finding[]> {
  return (await auditOf(roots)).findings;
}

async function accept(roots: Roots, chain: string, key: string): Promise<void> {
  await appendControl(roots.ledger, {
    kind: "writer-accepted",
    ...stamp,
    chain,
    key,
    name: "web",
    how: "accepted",
  });
}

/** A checkpoint over these chains as they are. */
async function checkpoint(roots: Roots, ...chains: readonly string[]): Promise<void> {
  const heads = [];
  for (const chain of chains) {
    const { sequence, sha256 } = await findHead(roots.ledger, chain);
    heads.push({ chain, sequence, sha256 });
  }
  await appendRecord(writerTo(roots.ledger), CHECKPOINT_CHAIN, { kind: "checkpoint", ...stamp, heads });
}

async function twoBatches(): Promise<Roots> {
  const roots = memoryRoots();
  await commit(roots, [sourceOf(0, 100)]);
  await commit(roots, [sourceOf(100, 200)]);
  return roots;
}

describe("a node's chain that is broken", () => {
  it("is named with its first bad record, and the others are audited all the same", async () => {
    const roots = await twoBatches();
    const other = await batchOf([sourceOf(0, 10)], {
      change: (made) => ({ ...made, node: "web02", objects: [] }),
    });
    await roots.ledger.create(other.record.manifest.key, other.manifest);
    await appendRecord(writerTo(roots.ledger), "web02", other.record);
    await replaceObject(roots.ledger, recordKey(node, 2), "{}");
    const { findings: found, nodes } = await auditOf(roots);
    expect(found.filter(({ kind }) => kind === "chain")).toEqual([
      { kind: "chain", chain: node, sequence: 2, message: expect.stringContaining("is no record") },
    ]);
    expect(nodes).toMatchObject([
      { node, records: 1, batches: 1 },
      { node: "web02", records: 1, batches: 1 },
    ]);
  });

  it("leaves what its node has put there unjudged, and nobody else's", async () => {
    const roots = await twoBatches();
    await replaceObject(roots.ledger, recordKey(node, 2), "{}");
    const other = madeObject("raw", { node: "web02" });
    await roots.raw.create(other.key, other.bytes);
    const { findings: found, objects } = await auditOf(roots);
    expect(found.map(({ kind }) => kind)).toEqual(["chain", "unrecorded"]);
    expect([objects.raw.unjudged, objects.analytics.unjudged]).toEqual([1, 1]);
  });
});

describe("a control chain that is broken", () => {
  it("is named, and what is gone is not called missing: it may have been destroyed on record", async () => {
    const roots = memoryRoots();
    const raw = objectOf(await commit(roots, [sourceOf(0, 100)]), "raw");
    await roots.raw.remove([raw.key]);
    await recordBegun(roots, [raw]);
    await recordCertificate(roots, [raw]);
    await roots.ledger.remove([recordKey(CONTROL_CHAIN, 2)]);
    const { findings: found, objects } = await auditOf(roots);
    expect(found).toMatchObject([{ kind: "chain", chain: CONTROL_CHAIN, sequence: 2 }]);
    expect(objects.raw).toMatchObject({ destroyed: 0, unjudged: 1 });
  });
});

describe("a chain that was cut off", () => {
  it("is found by the newest checkpoint", async () => {
    const roots = await twoBatches();
    await accept(roots, node, testSigner().key);
    await checkpoint(roots, node, CONTROL_CHAIN);
    expect(await findings(roots)).toEqual([]);
    await roots.ledger.remove([recordKey(node, 2)]);
    expect(await findings(roots)).toContainEqual({
      kind: "replaced",
      chain: node,
      sequence: 2,
      message: "record 2, which the newest checkpoint saw there, is missing: the chain was cut off",
    });
  });

  it("is found when another record was put in the place of the last one", async () => {
    const roots = await twoBatches();
    await accept(roots, node, testSigner().key);
    await checkpoint(roots, node);
    await roots.ledger.remove([recordKey(node, 2)]);
    await commit(roots, [sourceOf(100, 190)]);
    expect(await findings(roots)).toContainEqual({
      kind: "replaced",
      chain: node,
      sequence: 2,
      message: "record 2 is another one than the newest checkpoint saw",
    });
  });

  it("is not looked for by a checkpoint that anybody may have written", async () => {
    const roots = await twoBatches();
    await appendControl(roots.ledger, { kind: "lease-ended", ...stamp, name: "retention" });
    const heads = [{ chain: node, sequence: 7, sha256: "0".repeat(64) }];
    const body = { kind: "checkpoint", ...stamp, heads } as const;
    await appendRecord(writerTo(roots.ledger, otherSigner(1)), CHECKPOINT_CHAIN, body);
    expect(await findings(roots)).toEqual([]);
  });
});

describe("records by a key that nobody has accepted", () => {
  it("wait for the next checkpoint where it is the first key of its chain", async () => {
    const roots = memoryRoots();
    await appendControl(roots.ledger, { kind: "lease-ended", ...stamp, name: "retention" });
    await commit(roots, [sourceOf(0, 100)], { signer: otherSigner(1) });
    expect(await findings(roots)).toEqual([]);
    await checkpoint(roots, node);
    const { key } = otherSigner(1);
    expect(await findings(roots)).toEqual([{ kind: "unaccepted", chain: node, key, records: 1 }]);
    await accept(roots, node, key);
    expect(await findings(roots)).toEqual([]);
  });

  it("are counted in a chain that has another key, and are not serious", async () => {
    const roots = memoryRoots();
    await commit(roots, [sourceOf(0, 100)], { signer: otherSigner(1) });
    await accept(roots, node, otherSigner(1).key);
    for (const from of [100, 200])
      await commit(roots, [sourceOf(from, from + 100)], { signer: otherSigner(2) });
    const found = await findings(roots);
    expect(found).toEqual([{ kind: "unaccepted", chain: node, key: otherSigner(2).key, records: 2 }]);
    expect(found.map(isSerious)).toEqual([false]);
  });

  it("are serious in the control chain, and destroy nothing", async () => {
    const roots = memoryRoots();
    const raw = objectOf(await commit(roots, [sourceOf(0, 100)]), "raw");
    await appendControl(roots.ledger, { kind: "lease-ended", ...stamp, name: "retention" });
    await roots.raw.remove([raw.key]);
    const purge = { kind: "purge", view: "raw", day: day, ...stamp, policy: [], failures: 0 } as const;
    const forger = otherSigner(1);
    const body = { ...purge, objects: [{ key: raw.key, sizeBytes: raw.sizeBytes }] };
    await appendRecord(writerTo(roots.ledger, forger), CONTROL_CHAIN, body);
    const found = await findings(roots);
    expect(found).toEqual([
      { kind: "unaccepted", chain: CONTROL_CHAIN, key: forger.key, records: 1 },
      { kind: "missing", view: "raw", key: raw.key },
    ]);
    expect(found.every(isSerious)).toBe(true);
  });

  it("take the control chain over only for who has pinned the key", async () => {
    const roots = memoryRoots();
    await appendControl(roots.ledger, { kind: "lease-ended", ...stamp, name: "retention" });
    const { key } = otherSigner(1);
    const body = {
      kind: "writer-accepted",
      ...stamp,
      chain: CONTROL_CHAIN,
      key,
      name: "new",
      how: "takeover",
    } as const;
    await appendRecord(writerTo(roots.ledger, otherSigner(1)), CONTROL_CHAIN, body);
    const found = await findings(roots);
    expect(found).toEqual([{ kind: "takeover", sequence: 3, key }]);
    expect(found.map(isSerious)).toEqual([false]);
    expect((await auditOf(roots, { pinnedKeys: [key] })).findings).toEqual([]);
  });

  it("are all there are where a pinned key has nothing to do with the control chain", async () => {
    const roots = memoryRoots();
    await appendControl(roots.ledger, { kind: "lease-ended", ...stamp, name: "retention" });
    const { findings: found } = await auditOf(roots, { pinnedKeys: [otherSigner(1).key] });
    expect(found).toEqual([
      {
        kind: "replaced",
        chain: CONTROL_CHAIN,
        sequence: 1,
        message: expect.stringContaining("none of the pinned"),
      },
    ]);
  });
});

describe("a record that has no place where it stands", () => {
  it("is found when a node certifies a destruction, and destroys nothing", async () => {
    const roots = memoryRoots();
    const raw = objectOf(await commit(roots, [sourceOf(0, 100)]), "raw");
    const inventory = await putAttachment(roots.ledger, "inventories", Buffer.from("x"));
    await appendRecord(writerTo(roots.ledger), node, {
      kind: "purge-begun",
      ...stamp,
      group: { view: "raw", day: day, retentionClass: "standard" },
      rule: { kind: "class", term: "2y", dueDay: day },
      plan: 1,
      inventory,
    });
    await roots.raw.remove([raw.key]);
    expect(await findings(roots)).toEqual([
      {
        kind: "record",
        chain: node,
        sequence: 2,
        message: expect.stringContaining("no place in this chain"),
      },
      { kind: "missing", view: "raw", key: raw.key },
    ]);
  });

  it("is found when a node records the batch of another, which then is on no record", async () => {
    const roots = memoryRoots();
    const batch = await commit(roots, [sourceOf(0, 100)]);
    await roots.ledger.remove([recordKey(node, 1)]);
    await appendRecord(writerTo(roots.ledger), "web02", batch.record);
    expect((await findings(roots)).map(({ kind }) => kind)).toEqual(["record", "unrecorded", "unrecorded"]);
  });

  it("is found when it is of another store, as far as anybody knows which this is", async () => {
    const roots = memoryRoots();
    await commit(roots, [sourceOf(0, 100)]);
    expect((await auditOf(roots, { storeId: testStoreId })).findings).toEqual([]);
    const storeId = "11111111-0000-4000-8000-000000000000";
    expect((await auditOf(roots, { storeId })).findings).toContainEqual(
      expect.objectContaining({ kind: "record", chain: node, sequence: 1 }),
    );
  });

  it("is found when a node rewrites what others have put there", async () => {
    const roots = memoryRoots();
    const others = madeObject("raw", { node: "web02" });
    const inputs = [recordedOf(others)];
    const outputs = { outputs: [], rowsErased: { request: others.rows } };
    await commit(roots, [sourceOf(0, 100)]);
    await appendRecord(writerTo(roots.ledger), node, {
      kind: "rewrite",
      ...stamp,
      reason: "erase",
      inputs,
      ...outputs,
    });
    await roots.raw.create(others.key, others.bytes);
    expect((await findings(roots)).map(({ kind }) => kind)).toEqual(["record", "unrecorded"]);
  });

  it("is found when it was written under a lease that another has taken since", async () => {
    const roots = memoryRoots();
    const lease = { kind: "lease", ...stamp, name: "retention", holder: "a", until: stamp.at } as const;
    await appendControl(roots.ledger, lease);
    await appendControl(roots.ledger, { ...lease, holder: "b" });
    const body = { kind: "retention-ran", ...stamp, certified: 0, overdue: 0 } as const;
    const clocks = { local: stamp.at, store: null };
    const head = await findHead(roots.ledger, CONTROL_CHAIN);
    await appendRecord(writerTo(roots.ledger), CONTROL_CHAIN, { ...body, clocks }, { head, fence: 2 });
    expect(await findings(roots)).toEqual([
      {
        kind: "record",
        chain: CONTROL_CHAIN,
        sequence: 4,
        message: expect.stringContaining("lease of record 2"),
      },
    ]);
  });
});
