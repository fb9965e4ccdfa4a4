import { describe, expect, it } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import { appendRecord } from "../../src/ledger/chain.ts";
import type { WriterAcceptedRecord } from "../../src/ledger/ledger-affair.ts";
import { readControl } from "../../src/ledger/read-control.ts";
import type { StoredRecord } from "../../src/ledger/record-object.ts";
import type { RecordSigner } from "../../src/ledger/record-signer.ts";
import { createTrustedWriters, type WriterLedger } from "../../src/ledger/trusted-writers.ts";
import { CONTROL_CHAIN } from "../../src/partition.ts";
import { otherSigner, testSigner, testStoreId, writerTo } from "../support/ledger-writer.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { recordAt } from "./memory-ledger.ts";

const [root, second, third] = [testSigner(), otherSigner(2), otherSigner(3)];

type Entry = readonly [signer: RecordSigner, body: StoredRecord["record"]["body"]];

function accepts(key: string, change: Partial<WriterAcceptedRecord> = {}): WriterAcceptedRecord {
  return {
    kind: "writer-accepted",
    at: "2026-11-22T00:00:00.000Z",
    clock: "system",
    chain: CONTROL_CHAIN,
    key,
    name: "a machine",
    how: "accepted",
    ...change,
  };
}

const first: Entry = [root, accepts(root.key, { how: "first" })];

function after(entries: readonly Entry[], pinned: readonly string[] = [], ownKey?: string): WriterLedger {
  const writers = createTrustedWriters(pinned, ownKey);
  for (const stored of recordsOf(entries)) writers.take(stored);
  return writers;
}

function recordsOf(entries: readonly Entry[]): readonly StoredRecord[] {
  return entries.map(([signer, body], index) => ({
    record: {
      version: 2,
      store: testStoreId,
      chain: CONTROL_CHAIN,
      sequence: index + 1,
      previous: "",
      body,
    },
    sha256: "",
    signedBy: signer.key,
  }));
}

describe("who may write", () => {
  it("is the key that came first, for every chain", () => {
    const writers = after([first]);
    expect(writers.root).toBe(root.key);
    for (const chain of [CONTROL_CHAIN, "checkpoints", "web01"]) {
      expect(writers.accepts(chain, root.key)).toBe(true);
      expect(writers.accepts(chain, second.key)).toBe(false);
    }
  });

  it("is whom an accepted key accepts, and whom that one accepts", () => {
    const writers = after([first, [root, accepts(second.key)], [second, accepts(third.key)]]);
    expect(writers.accepts("web01", third.key)).toBe(true);
    expect(writers.untrusted).toEqual([]);
  });

  it("is in one chain only who was accepted for that chain only", () => {
    const writers = after([first, [root, accepts(second.key, { chain: "web01", how: "first-use" })]]);
    expect(writers.accepts("web01", second.key)).toBe(true);
    expect(writers.accepts("web02", second.key)).toBe(false);
    expect(writers.accepts(CONTROL_CHAIN, second.key)).toBe(false);
  });

  it.each<readonly [string, Entry]>([
    ["accepts itself", [second, accepts(second.key)]],
    ["says that it was first, though another was", [second, accepts(second.key, { how: "first" })]],
    ["takes over, and is not pinned", [second, accepts(second.key, { how: "takeover" })]],
    ["accepts another", [second, accepts(third.key)]],
    ["takes over for another", [second, accepts(third.key, { how: "takeover" })]],
    ["takes over one chain", [second, accepts(second.key, { how: "takeover", chain: "web01" })]],
    ["writes anything else", [second, recordAt(1)]],
  ])("is nobody who %s; such a record does not count", (_name, entry) => {
    const writers = after([first, entry]);
    expect(writers.accepts(CONTROL_CHAIN, second.key)).toBe(false);
    expect(writers.accepts(CONTROL_CHAIN, third.key)).toBe(false);
    const [ofRoot, ofOther] = recordsOf([first, entry]);
    expect(ofRoot && writers.trusts(ofRoot)).toBe(true);
    expect(ofOther && writers.trusts(ofOther)).toBe(false);
    expect([...writers.untrusted, ...writers.takeovers]).toEqual([{ sequence: 2, key: second.key }]);
  });

  it("is nobody yet when the first signed record is no acceptance", () => {
    const writers = after([[second, recordAt(1)], first]);
    expect(writers.untrusted).toEqual([{ sequence: 1, key: second.key }]);
    expect(writers.root).toBe(root.key);
  });

  it("does not make good what was written before", () => {
    const entries: readonly Entry[] = [
      first,
      [second, recordAt(1)],
      [root, accepts(second.key)],
      [second, recordAt(2)],
    ];
    const writers = after(entries);
    expect(recordsOf(entries).map((stored) => writers.trusts(stored))).toEqual([true, false, true, true]);
  });

  it.each([
    ["pinned", [second.key], undefined],
    ["this machine's own", [], second.key],
    ["this machine's own, where another is pinned", [root.key], second.key],
  ])("is who takes over, when its key is %s", (_name, pinned, ownKey) => {
    const entries: readonly Entry[] = [
      first,
      [second, accepts(second.key, { how: "takeover" })],
      [second, accepts(third.key)],
    ];
    const writers = after(entries, pinned, ownKey);
    expect(writers.accepts(CONTROL_CHAIN, third.key)).toBe(true);
    expect(writers.root).toBe(root.key);
    expect(writers.takeovers).toEqual([]);
    expect(writers.isAnchored).toBe(true);
  });

  it.each([
    ["nothing", [], true],
    ["the root", [root.key], true],
    ["a key that it accepted, and that has signed nothing", [second.key], false],
    ["one of several", [third.key, root.key], true],
    ["others", [third.key], false],
  ])("with %s pinned is anchored: %s", (_name, pinned, isAnchored) => {
    expect(after([first, [root, accepts(second.key)]], pinned).isAnchored).toBe(isAnchored);
  });
});

describe("readControl", () => {
  it("refuses a chain that none of the pinned keys has to do with", async () => {
    const ledger = createMemoryStore("memory:ledger");
    await appendRecord(writerTo(ledger), CONTROL_CHAIN, first[1]);
    await expect(readControl(ledger, [second.key])).rejects.toMatchObject({
      exitCode: exitCode.integrity,
      message: expect.stringContaining("is not that of the keys which the config pins"),
    });
    expect((await readControl(ledger, [root.key])).records).toHaveLength(1);
  });

  it("refuses the ledger of another store, though the same key wrote it", async () => {
    const ledger = createMemoryStore("memory:ledger");
    await appendRecord(writerTo(ledger, testSigner("another-store")), CONTROL_CHAIN, first[1]);
    await expect(readControl(ledger, [], { storeId: testStoreId })).rejects.toMatchObject({
      exitCode: exitCode.integrity,
      message: expect.stringContaining("record 1 of the control chain in memory:ledger is of another store"),
    });
  });
});
