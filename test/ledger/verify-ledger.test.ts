import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { putAttachment } from "../../src/ledger/attachment.ts";
import { appendRecord, recordKey } from "../../src/ledger/chain.ts";
import { isSeriousFinding } from "../../src/ledger/ledger-finding.ts";
import { type RecordBody } from "../../src/ledger/record.ts";
import { renderLedgerText } from "../../src/ledger/render-ledger.ts";
import { type LedgerQuestion } from "../../src/ledger/verify-ledger.ts";
import { type WrittenCheckpoint } from "../../src/ledger/write-checkpoint.ts";
import { CHECKPOINT_CHAIN, CONTROL_CHAIN } from "../../src/partition.ts";
import { type ObjectStore } from "../../src/store/object-store.ts";
import { otherSigner, testSigner, testStoreId, unsignedRecord, writerTo } from "../support/ledger-writer.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import {
  acceptanceOf,
  batchOf,
  checkpoint,
  decider,
  fillLedger,
  remove,
  rewrite,
  ship,
  stamp,
  stranger,
  verify,
  web01,
} from "./ledger-world.ts";
import { replaceObject } from "./memory-ledger.ts";

describe("what nobody can see in the ledger alone", () => {
  let ledger: ObjectStore;
  let checkpoints: readonly WrittenCheckpoint[];
  const pinned = (index: number): Partial<LedgerQuestion> => ({ pinnedHead: checkpoints[index] });
  const filled = async (): Promise<void> => {
    ledger = createMemoryStore("memory:ledger");
    checkpoints = await fillLedger(ledger);
  };

  it("is that the newest checkpoint was cut off with all since; a pinned head shows it", async () => {
    await filled();
    await remove(ledger, CHECKPOINT_CHAIN, 2);
    await remove(ledger, "web01", 5, 6, 7);
    expect((await verify(ledger)).findings).toEqual([]);
    const { findings, isPinFound } = await verify(ledger, pinned(1));
    expect(isPinFound).toBe(false);
    expect(findings).toMatchObject([{ chain: CHECKPOINT_CHAIN, sequence: 2, kind: "cut-off" }]);
  });

  it("is that it was replaced as a whole; a pinned head shows it, and so does a pinned key", async () => {
    await filled();
    const other = createMemoryStore("memory:other");
    const control = writerTo(other, stranger);
    await appendRecord(control, CONTROL_CHAIN, acceptanceOf(stranger.key, { how: "first" }));
    await ship(control, "web01", 1, 7);
    for (let index = 0; index < 2; index++) await checkpoint(other, stranger);
    expect((await verify(other)).findings).toEqual([]);
    expect((await verify(other, pinned(1))).findings).toMatchObject([
      { chain: CHECKPOINT_CHAIN, sequence: 2, kind: "replaced" },
    ]);
    expect((await verify(other, { pinnedKeys: [decider.key] })).findings).toMatchObject([
      { chain: CONTROL_CHAIN, sequence: 1, kind: "other-root" },
    ]);
    expect((await verify(ledger, { pinnedKeys: [decider.key] })).findings).toEqual([]);
  });

  it("is that who may write all of it wrote it anew since; an older pinned head shows what it saw", async () => {
    await filled();
    await remove(ledger, CHECKPOINT_CHAIN, 2);
    await rewrite(ledger, web01, "web01", 3);
    const findings = async (index: number): Promise<unknown> =>
      (await verify(ledger, pinned(index))).findings;
    expect(await findings(0)).toMatchObject([{ chain: "web01", sequence: 4, kind: "replaced" }]);
  });

  it("is said, as far as nothing is pinned", async () => {
    await filled();
    const text = async (pins: Partial<LedgerQuestion>): Promise<string> => {
      const question = { storeId: testStoreId, pinnedKeys: [], pinnedHead: undefined, ...pins };
      return renderLedgerText(await verify(ledger, pins), question);
    };
    const unpinned = await text({});
    expect(unpinned).toContain("node web01: 7 records in an unbroken chain");
    expect(unpinned).toContain("no record was changed, removed, moved or put in");
    expect(unpinned).toContain("not known: whether checkpoints at the end, with all since, were cut off");
    expect(unpinned).toContain(`not known: whether ${decider.key}, which all trust comes from, is your key`);
    const pinnedText = await text(pinned(1));
    expect(pinnedText).toContain(
      "up to checkpoint 2, which you have noted, it is the same ledger, and whole",
    );
    expect(pinnedText).not.toContain("not known");
    expect(await text({ pinnedKeys: [decider.key] })).not.toContain("is your key");
  });
});

describe("what a decision names by its hash", () => {
  const begin = async (): Promise<{ readonly ledger: ObjectStore; readonly key: string }> => {
    const ledger = createMemoryStore("memory:ledger");
    await fillLedger(ledger);
    const inventory = await putAttachment(ledger, "inventories", gzipSync("{}"));
    const body = { kind: "purge-begun", ...stamp, inventory } as RecordBody;
    await appendRecord(writerTo(ledger), CONTROL_CHAIN, body);
    return { ledger, key: inventory.key };
  };

  it("is there, or it is a finding of the record that names it", async () => {
    const { ledger, key } = await begin();
    expect((await verify(ledger)).findings).toEqual([]);
    const finding = { chain: CONTROL_CHAIN, sequence: 7, kind: "attachment" };
    await replaceObject(ledger, key, gzipSync("[]"));
    expect((await verify(ledger)).findings).toMatchObject([finding]);
    await ledger.remove([key]);
    expect((await verify(ledger)).findings).toMatchObject([finding]);
  });
});

describe("a key that nobody has accepted", () => {
  it("waits for the next checkpoint where it is the first of its chain, which is no finding", async () => {
    const ledger = createMemoryStore("memory:ledger");
    await fillLedger(ledger);
    await ship(writerTo(ledger, otherSigner(3)), "web03", 1, 2);
    const before = await verify(ledger);
    expect([before.waiting, before.findings]).toEqual([["web03"], []]);
    await checkpoint(ledger);
    const after = await verify(ledger);
    expect([after.waiting, after.findings]).toEqual([[], []]);
    expect(after.accepted.at(-1)).toMatchObject({
      chain: "web03",
      key: otherSigner(3).key,
      how: "first-use",
    });
  });

  it("waits too in a chain that an earlier release began", async () => {
    const ledger = createMemoryStore("memory:ledger");
    await appendRecord(writerTo(ledger), CONTROL_CHAIN, acceptanceOf(decider.key, { how: "first" }));
    await ledger.create(recordKey("web01", 1), unsignedRecord("web01", 1, undefined, batchOf("web01", 1)));
    await checkpoint(ledger);
    await ship(writerTo(ledger, web01), "web01", 2, 3);
    expect(await verify(ledger)).toMatchObject({ waiting: ["web01"], findings: [] });
    await checkpoint(ledger);
    expect(await verify(ledger)).toMatchObject({ waiting: [], findings: [] });
  });

  it("is one finding for all its records, for a person to judge: the node may have been installed anew", async () => {
    const ledger = createMemoryStore("memory:ledger");
    await fillLedger(ledger);
    await ship(writerTo(ledger, stranger), "web01", 8, 11);
    await checkpoint(ledger);
    const { findings } = await verify(ledger);
    expect(findings).toMatchObject([{ chain: "web01", sequence: 8, kind: "unaccepted", records: 4 }]);
    expect(findings.some(isSeriousFinding)).toBe(false);
    await appendRecord(writerTo(ledger), CONTROL_CHAIN, acceptanceOf(stranger.key, { chain: "web01" }));
    expect((await verify(ledger)).findings).toEqual([]);
  });

  it("is a serious matter among decisions and checkpoints, where nobody signs by mistake", () => {
    const finding = { sequence: 1, kind: "unaccepted", message: "", records: 1 } as const;
    expect(isSeriousFinding({ ...finding, chain: CONTROL_CHAIN })).toBe(true);
    expect(isSeriousFinding({ ...finding, chain: CHECKPOINT_CHAIN })).toBe(true);
  });

  it("took over, which counts for who has pinned it, with all that it accepts since", async () => {
    const ledger = createMemoryStore("memory:ledger");
    await fillLedger(ledger);
    const rescuer = testSigner();
    await appendRecord(
      writerTo(ledger, stranger),
      CONTROL_CHAIN,
      acceptanceOf(stranger.key, { how: "takeover" }),
    );
    await appendRecord(writerTo(ledger, stranger), CONTROL_CHAIN, acceptanceOf(otherSigner(7).key));
    expect(rescuer.key).toBe(decider.key);
    expect((await verify(ledger, { pinnedKeys: [stranger.key] })).findings).toEqual([]);
    const { findings } = await verify(ledger);
    expect(findings.map(({ kind }) => kind)).toEqual(["takeover", "unaccepted"]);
    expect(findings.map(isSeriousFinding)).toEqual([false, true]);
  });
});
