import { readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { AuditState } from "../../src/audit/audit-state.ts";
import { readIndex, writeIndex } from "../../src/audit/io/index-file.ts";
import { type AuditPlace, restoreAudit, saveAudit } from "../../src/audit/save-audit.ts";
import { appendRecord, recordKey } from "../../src/ledger/chain.ts";
import { CONTROL_CHAIN } from "../../src/partition.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { replaceObject } from "../ledger/memory-ledger.ts";
import { appendControl, auditOf, auditResultOf } from "../support/audit.ts";
import { otherSigner, testStoreId, writerTo } from "../support/ledger-writer.ts";
import { memoryRoots, type Roots, sourceOf } from "../support/recorded-batch.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { commit, madeObject, node, objectOf, recordBegun, recordCertificate, stamp } from "./law-store.ts";

// What an audit has checked the next one believes, as long as the chains go on from there.

const place: AuditPlace = { storeId: testStoreId, pinnedKeys: [] };

/** What the audit of these roots came to, as if it had been written to a disk and read. */
async function kept(roots: Roots): Promise<AuditState> {
  const { state, isLasting } = await auditResultOf(roots);
  expect(isLasting).toBe(true);
  return throughDisk(state);
}

async function throughDisk(state: AuditState): Promise<AuditState> {
  const path = join(await temporaryFolder(), "audit", "store.index");
  await writeIndex(path, saveAudit(state, place));
  const saved = await readIndex(path);
  const restored = saved === undefined ? undefined : restoreAudit(saved, place);
  if (restored === undefined) throw new Error("nothing was restored");
  return restored;
}

/** The ledger, and what was read of it. */
function watched(ledger: ObjectStore): { readonly ledger: ObjectStore; readonly read: string[] } {
  const read: string[] = [];
  return {
    ledger: {
      ...ledger,
      read: (key, range) => {
        read.push(key);
        return ledger.read(key, range);
      },
    },
    read,
  };
}

/** A store of which every kind of record is on the ledger. */
async function usedStore(): Promise<Roots> {
  const roots = memoryRoots();
  const first = await commit(roots, [sourceOf(0, 100)]);
  await commit(roots, [sourceOf(100, 200), sourceOf(50, 90, { stream: "6".repeat(32) })]);
  const raw = objectOf(first, "raw");
  await recordBegun(roots, [raw]);
  await roots.raw.remove([raw.key]);
  await recordCertificate(roots, [raw]);
  await recordCertificate(roots, [madeObject("raw", { isSealed: true })]);
  await appendControl(roots.ledger, {
    kind: "lease",
    ...stamp,
    name: "retention",
    holder: "a",
    until: stamp.at,
  });
  return roots;
}

describe("an audit that goes on from an earlier one", () => {
  it("says the same of the store as one that reads everything", async () => {
    const roots = await usedStore();
    const state = await kept(roots);
    expect(await auditOf(roots, { state })).toEqual(await auditOf(roots));
    const grown = await kept(roots);
    await commit(roots, [sourceOf(200, 300), sourceOf(0, 50, { stream: "6".repeat(32) })]);
    await commit(roots, [sourceOf(290, 400)]);
    const audit = await auditOf(roots, { state: grown });
    expect(audit).toEqual(await auditOf(roots));
    expect(audit.findings).toEqual([{ kind: "overlap", node, stream: "5".repeat(32), from: 290, to: 300 }]);
    expect(audit.nodes).toMatchObject([{ batches: 4, streams: 2 }]);
  });

  it("reads no record and no manifest again but the last of each chain", async () => {
    const roots = await usedStore();
    const state = await kept(roots);
    const { ledger, read } = watched(roots.ledger);
    await auditOf({ ...roots, ledger }, { state });
    const records = [recordKey(CONTROL_CHAIN, 5), recordKey(node, 2)];
    // And whether one has followed meanwhile.
    expect([...new Set(read)].sort()).toEqual([...records, recordKey(node, 3)]);
  });

  it("finds what was removed or changed since, though its record is old", async () => {
    const roots = await usedStore();
    const state = await kept(roots);
    const keys = [];
    for await (const { key } of roots.analytics.list("")) keys.push(key);
    const [removed = "", changed = ""] = keys;
    await roots.analytics.remove([removed]);
    await replaceObject(roots.analytics, changed, "short");
    const { findings } = await auditOf(roots, { state });
    expect(findings.map((finding) => [finding.kind, "key" in finding ? finding.key : ""])).toEqual(
      expect.arrayContaining([
        ["missing", removed],
        ["changed", changed],
      ]),
    );
  });

  it("still says what it found in records that it does not read again", async () => {
    const roots = memoryRoots();
    await commit(roots, [sourceOf(0, 100)]);
    await commit(roots, [sourceOf(80, 200)]);
    const before = await auditOf(roots);
    expect(before.findings).toHaveLength(1);
    expect(await auditOf(roots, { state: await kept(roots) })).toEqual(before);
  });

  it("knows by then of keys, leases and purges what older records say", async () => {
    const roots = await usedStore();
    await recordBegun(roots, [madeObject("raw", { name: "leaving" })]);
    const state = await kept(roots);
    const { control } = state;
    expect([...control.begun.keys()]).toEqual([6]);
    expect(control.lease).toMatchObject({ fence: 5, holder: "a" });
    expect(control.keysCertified.size).toBe(1);
    const { key } = otherSigner(1);
    await commit(roots, [sourceOf(200, 300)], { signer: otherSigner(1) });
    const accepted = { kind: "writer-accepted", ...stamp, chain: node, name: "w", how: "accepted" } as const;
    await appendControl(roots.ledger, { ...accepted, key: otherSigner(2).key });
    expect((await auditOf(roots, { state })).findings).toContainEqual({
      kind: "unaccepted",
      chain: node,
      key,
      records: 1,
    });
  });
});

describe("an audit for who has pinned a key", () => {
  const pinned = otherSigner(1);

  async function acceptedIn(roots: Roots): Promise<void> {
    const accepted = {
      kind: "writer-accepted",
      ...stamp,
      chain: CONTROL_CHAIN,
      name: "b",
      how: "accepted",
    } as const;
    await appendControl(roots.ledger, { ...accepted, key: pinned.key });
  }

  it("believes the control chain, now and from then on, when that key has signed some record of it", async () => {
    const roots = memoryRoots();
    await acceptedIn(roots);
    const body = { kind: "lease-ended", ...stamp, name: "retention" } as const;
    await appendRecord(writerTo(roots.ledger, pinned), CONTROL_CHAIN, body);
    const pinnedKeys = [pinned.key];
    const { audit, state } = await auditResultOf(roots, { pinnedKeys });
    expect(audit.findings).toEqual([]);
    expect((await auditOf(roots, { pinnedKeys, state: await throughDisk(state) })).findings).toEqual([]);
  });

  it("finds a control chain that only accepts it, which anybody can write, and one that is gone", async () => {
    const roots = memoryRoots();
    await acceptedIn(roots);
    const found = { kind: "replaced", chain: CONTROL_CHAIN, sequence: 1 };
    expect((await auditOf(roots, { pinnedKeys: [pinned.key] })).findings).toMatchObject([found]);
    const without = memoryRoots();
    await commit(without, [sourceOf(0, 100)]);
    expect((await auditOf(without, { pinnedKeys: [pinned.key] })).findings).toMatchObject([found]);
  });
});

describe("a chain that does not go on from where an audit has left it", () => {
  it.each([
    [
      "was cut off",
      async (roots: Roots) => roots.ledger.remove([recordKey(node, 2)]),
      "is missing: the chain was cut off",
    ],
    [
      "was written anew",
      async (roots: Roots) => {
        await roots.ledger.remove([recordKey(node, 2)]);
        await commit(roots, [sourceOf(100, 190)]);
      },
      "is another one",
    ],
  ])("is a finding when it %s, and nothing of what was known is believed", async (_name, change, message) => {
    const roots = memoryRoots();
    await commit(roots, [sourceOf(0, 100)]);
    await commit(roots, [sourceOf(100, 200)]);
    const state = await kept(roots);
    await change(roots);
    const { audit, isLasting } = await auditResultOf(roots, { state });
    const { findings, ...rest } = audit;
    const finding = { kind: "replaced", chain: node, sequence: 2, message: expect.stringContaining(message) };
    const { findings: anew, ...restAnew } = await auditOf(roots);
    expect(findings).toEqual([finding, ...anew]);
    expect(rest).toEqual(restAnew);
    // Until somebody asks for a full audit it is said each time.
    expect(isLasting).toBe(false);
  });
});

describe("what an audit came to", () => {
  it("is nothing to go on from while a file of the ledger is damaged that may be put back", async () => {
    const roots = memoryRoots();
    const { record, manifest } = await commit(roots, [sourceOf(0, 100)]);
    await roots.ledger.remove([record.manifest.key]);
    const { audit, isLasting } = await auditResultOf(roots);
    expect([audit.findings.map(({ kind }) => kind), isLasting]).toEqual([["manifest"], false]);
    await roots.ledger.create(record.manifest.key, manifest);
    expect(await auditResultOf(roots)).toMatchObject({ audit: { findings: [] }, isLasting: true });
  });

  it.each([
    ["of another store", { ...place, storeId: "another" }],
    ["for who trusts other keys", { ...place, pinnedKeys: [otherSigner(1).key] }],
  ])("is not believed %s", async (_name, other) => {
    const { state } = await auditResultOf(await usedStore());
    expect(restoreAudit(saveAudit(state, place), place)).toBeDefined();
    expect(restoreAudit(saveAudit(state, place), other)).toBeUndefined();
  });

  it.each([
    ["a column", (parts: readonly Uint8Array[]) => parts.slice(1)],
    ["a part of one", (parts: readonly Uint8Array[]) => parts.with(0, new Uint8Array(1))],
  ])("is not believed without %s", async (_name, change) => {
    const { state } = await auditResultOf(await usedStore());
    const { header, parts } = saveAudit(state, place);
    expect(restoreAudit({ header, parts: change(parts) }, place)).toBeUndefined();
    expect(restoreAudit({ header: header.slice(1), parts }, place)).toBeUndefined();
  });
});

describe("the file of an audit", () => {
  async function written(): Promise<string> {
    const path = join(await temporaryFolder(), "audit", "store.index");
    await writeIndex(path, saveAudit((await auditResultOf(await usedStore())).state, place));
    return path;
  }

  it("is nothing where there is none", async () => {
    expect(await readIndex(join(await temporaryFolder(), "none.index"))).toBeUndefined();
  });

  it("is nothing when it was cut off, or a byte of it changed, wherever", async () => {
    const path = await written();
    const bytes = await readFile(path);
    for (const at of [0, 20, Math.floor(bytes.length / 2), bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await writeFile(path, changed);
      expect(await readIndex(path)).toBeUndefined();
    }
    for (const length of [0, 10, bytes.length - 1]) {
      await writeFile(path, bytes);
      await truncate(path, length);
      expect(await readIndex(path)).toBeUndefined();
    }
  });

  it("is for its owner alone", async () => {
    const path = await written();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(path, ".."))).mode & 0o777).toBe(0o700);
  });
});
