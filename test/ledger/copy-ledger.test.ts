import { describe, expect, it } from "vitest";
import { putAttachment } from "../../src/ledger/attachment.ts";
import { appendRecord, recordKey } from "../../src/ledger/chain.ts";
import { copyLedger, type LedgerCopy } from "../../src/ledger/copy-ledger.ts";
import { CHECKPOINT_CHAIN } from "../../src/partition.ts";
import { createFolderStore } from "../../src/store/folder-store.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { writerTo } from "../support/ledger-writer.ts";
import { listKeys } from "../support/list-keys.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  batchOf,
  change,
  checkpoint,
  fillLedger,
  remove,
  rewrite,
  ship,
  verify,
  web01,
} from "./ledger-world.ts";
import { replaceObject } from "./memory-ledger.ts";

async function createWorld(): Promise<{
  readonly ledger: ObjectStore;
  readonly copy: ObjectStore;
  run(): Promise<LedgerCopy>;
}> {
  const ledger = createMemoryStore("memory:ledger");
  const copy = createFolderStore(await temporaryFolder(), "file:///copy");
  await fillLedger(ledger);
  for (const key of ["manifests/web01/1", "secrets/web01"]) await ledger.create(key, Buffer.from(key));
  await putAttachment(ledger, "inventories", Buffer.from("an inventory"));
  await putAttachment(ledger, "holds", Buffer.from("a scope"));
  return { ledger, copy, run: () => copyLedger(ledger, copy) };
}

describe("a copy of a ledger", () => {
  it("has everything but the nodes' secrets, and verifies as the ledger does", async () => {
    const { ledger, copy, run } = await createWorld();
    const keys = (await listKeys(ledger)).filter((key) => !key.startsWith("secrets/"));
    expect(await run()).toMatchObject({ copied: keys.length, known: 0, differences: [] });
    expect(await listKeys(copy)).toEqual(keys);
    expect(await verify(copy)).toEqual(await verify(ledger));
  });

  it("takes only what is new when it is made again", async () => {
    const { ledger, copy, run } = await createWorld();
    const { copied } = await run();
    await ship(writerTo(ledger, web01), "web01", 8, 9);
    await checkpoint(ledger);
    expect(await run()).toMatchObject({ copied: 3, known: copied, differences: [] });
    expect((await verify(copy)).chains).toMatchObject([{}, { records: 3 }, { records: 9 }, {}]);
  });

  it("goes on where it was interrupted", async () => {
    const { copy, run } = await createWorld();
    const whole = await run();
    await copy.remove([recordKey("web01", 2), recordKey("web01", 7), recordKey(CHECKPOINT_CHAIN, 1)]);
    expect(await run()).toMatchObject({ copied: 3, known: whole.copied - 3, differences: [] });
  });

  it.each<readonly [string, (ledger: ObjectStore) => Promise<void>, readonly unknown[]]>([
    [
      "a record that is gone",
      (ledger) => remove(ledger, "web01", 7),
      [{ key: recordKey("web01", 7), kind: "gone" }],
    ],
    [
      "a chain that was written anew",
      (ledger) => rewrite(ledger, web01, "web01", 7),
      [{ key: recordKey("web01", 7), kind: "changed" }],
    ],
    [
      "a last record of which only the bytes differ",
      (ledger) => change(ledger, "web01", 7, /(?<="lines":)\d/),
      [{ key: recordKey("web01", 7), kind: "changed" }],
    ],
    [
      "a manifest of another length",
      (ledger) => replaceObject(ledger, "manifests/web01/1", "another"),
      [{ key: "manifests/web01/1", kind: "changed" }],
    ],
    [
      "a manifest that is gone",
      async (ledger) => void (await ledger.remove(["manifests/web01/1"])),
      [{ key: "manifests/web01/1", kind: "gone" }],
    ],
    [
      "a chain that went on from another record than the copied one",
      async (ledger) => {
        await rewrite(ledger, web01, "web01", 6);
        await appendRecord(writerTo(ledger, web01), "web01", batchOf("web01", 8));
      },
      [{ key: recordKey("web01", 7), kind: "changed" }],
    ],
  ])("keeps what it has, and names %s", async (_name, tamper, differences) => {
    const { ledger, copy, run } = await createWorld();
    await run();
    const before = await verify(copy);
    await tamper(ledger);
    const found = (await run()).differences;
    expect(found).toEqual(expect.arrayContaining([...differences]));
    for (const { key } of found) expect(await listKeys(copy)).toContain(key);
    expect(
      (await verify(copy)).chains.find(({ chain }) => chain === "web01")?.records,
    ).toBeGreaterThanOrEqual(before.chains.find(({ chain }) => chain === "web01")?.records ?? 0);
  });
});
