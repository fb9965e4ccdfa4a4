import { describe, expect, it } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import { appendRecord, recordKey } from "../../src/ledger/chain.ts";
import { findLastCheckpoint } from "../../src/ledger/last-checkpoint.ts";
import type { CheckpointRecord, RecordedHead } from "../../src/ledger/ledger-affair.ts";
import { readControl } from "../../src/ledger/read-control.ts";
import { writeCheckpoint } from "../../src/ledger/write-checkpoint.ts";
import { CHECKPOINT_CHAIN, CONTROL_CHAIN } from "../../src/partition.ts";
import { createFolderStore } from "../../src/store/folder-store.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { otherSigner, writerTo } from "../support/ledger-writer.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  acceptanceOf,
  change,
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
  web02,
} from "./ledger-world.ts";
import { recordsOf, replaceObject } from "./memory-ledger.ts";

async function checkpoints(ledger: ObjectStore): Promise<readonly CheckpointRecord[]> {
  return (await recordsOf(ledger, CHECKPOINT_CHAIN)).map(({ record }) => record.body as CheckpointRecord);
}

/** Where the newest checkpoint saw a chain end. */
async function headOf(ledger: ObjectStore, chain: string): Promise<RecordedHead | undefined> {
  return (await checkpoints(ledger)).at(-1)?.heads.find((head) => head.chain === chain);
}

/** What the control chain says of who may write, in order. */
async function acceptances(ledger: ObjectStore): Promise<readonly unknown[]> {
  const bodies = (await recordsOf(ledger, CONTROL_CHAIN)).map(({ record }) => record.body);
  return bodies.flatMap((body) =>
    body.kind === "writer-accepted" ? [[body.chain, body.key, body.how]] : [],
  );
}

async function filled(): Promise<ObjectStore> {
  const ledger = createMemoryStore("memory:ledger");
  await fillLedger(ledger);
  return ledger;
}

describe("a checkpoint", () => {
  it("says where every chain but its own stands, in the order of their names", async () => {
    const ledger = await filled();
    const hashOf = async (chain: string, sequence: number): Promise<string | undefined> =>
      (await recordsOf(ledger, chain))[sequence - 1]?.sha256;
    expect((await checkpoints(ledger)).map(({ heads }) => heads)).toEqual([
      [
        { chain: CONTROL_CHAIN, sequence: 6, sha256: await hashOf(CONTROL_CHAIN, 6) },
        { chain: "web01", sequence: 4, sha256: await hashOf("web01", 4) },
        { chain: "web02", sequence: 2, sha256: await hashOf("web02", 2) },
      ],
      [
        { chain: CONTROL_CHAIN, sequence: 6, sha256: await hashOf(CONTROL_CHAIN, 6) },
        { chain: "web01", sequence: 6, sha256: await hashOf("web01", 6) },
        { chain: "web02", sequence: 3, sha256: await hashOf("web02", 3) },
      ],
    ]);
  });

  it("is written when nothing happened, too", async () => {
    const ledger = await filled();
    await checkpoint(ledger);
    await checkpoint(ledger);
    const [, , third, fourth] = await checkpoints(ledger);
    expect(fourth).toEqual(third);
  });

  it("accepts the first key of a chain, before it says where that chain stands", async () => {
    const ledger = await filled();
    expect(await acceptances(ledger)).toEqual([
      [CONTROL_CHAIN, decider.key, "first"],
      ["web01", web01.key, "first-use"],
      ["web02", web02.key, "first-use"],
    ]);
    expect((await headOf(ledger, CONTROL_CHAIN))?.sequence).toBe(6);
  });

  it("accepts no key where one is accepted for that chain, or for all", async () => {
    const ledger = createMemoryStore("memory:ledger");
    await appendRecord(writerTo(ledger), CONTROL_CHAIN, acceptanceOf(decider.key, { how: "first" }));
    await appendRecord(writerTo(ledger), CONTROL_CHAIN, acceptanceOf(web01.key, { chain: "web01" }));
    await ship(writerTo(ledger, stranger), "web01", 1, 1);
    await ship(writerTo(ledger, decider), "web02", 1, 1);
    await ship(writerTo(ledger, stranger), "web02", 2, 2);
    expect((await checkpoint(ledger)).firstUses).toEqual([]);
    await ship(writerTo(ledger, stranger), "web02", 3, 3);
    expect((await checkpoint(ledger)).firstUses).toEqual([]);
    expect(await acceptances(ledger)).toHaveLength(2);
  });

  it.each<readonly [string, (ledger: ObjectStore) => Promise<void>, string, number]>([
    [
      "ends before where it stood",
      (ledger) => remove(ledger, "web01", 6, 7),
      "000000000006.json is missing",
      6,
    ],
    ["is gone", (ledger) => remove(ledger, "web01", 1, 2, 3, 4, 5, 6, 7), "000000000006.json is missing", 6],
    ["was written anew", (ledger) => rewrite(ledger, web01, "web01", 5), "is not the record", 6],
    [
      "is broken since",
      (ledger) => change(ledger, "web01", 7, /(?<="lines":)\d/),
      "is not signed by the key",
      6,
    ],
  ])(
    "finds a chain that %s, keeps its head as it was, and goes on with the others",
    async (_name, tamper, message, sequence) => {
      const ledger = await filled();
      const before = await headOf(ledger, "web01");
      await tamper(ledger);
      await ship(writerTo(ledger, web02), "web02", 4, 4);
      for (let index = 0; index < 2; index++) {
        const { findings } = await checkpoint(ledger);
        expect(findings).toEqual([expect.stringMatching(new RegExp(`^chain web01: .*${message}`))]);
        expect(await headOf(ledger, "web01")).toEqual({ ...before, sequence });
        expect((await headOf(ledger, "web02"))?.sequence).toBe(4);
      }
    },
  );

  it("goes on from the newest that counts, and says what is behind that", async () => {
    const ledger = await filled();
    const heads = [{ chain: "web01", sequence: 1, sha256: "f".repeat(64) }];
    await appendRecord(writerTo(ledger, stranger), CHECKPOINT_CHAIN, { kind: "checkpoint", ...stamp, heads });
    const { writers } = await readControl(ledger);
    const { newest, ignored } = await findLastCheckpoint(ledger, writers);
    expect([newest?.head.sequence, ignored]).toEqual([2, 1]);
    const { sequence, findings } = await checkpoint(ledger);
    expect(sequence).toBe(4);
    expect(findings).toEqual([expect.stringContaining("the last 1 of its records are no checkpoints")]);
    expect((await headOf(ledger, "web01"))?.sequence).toBe(7);
  });

  it("is made anew when another was written since it looked, which has seen more", async () => {
    const ledger = await filled();
    const { writers } = await readControl(ledger);
    let isOvertaken = false;
    const slow: ObjectStore = {
      ...ledger,
      async create(key, body) {
        if (!isOvertaken && key.startsWith(`chains/${CHECKPOINT_CHAIN}/`)) {
          isOvertaken = true;
          await ship(writerTo(ledger, web01), "web01", 8, 9);
          await checkpoint(ledger);
        }
        return ledger.create(key, body);
      },
    };
    expect((await writeCheckpoint(writerTo(slow), stamp, writers)).sequence).toBe(4);
    const seen = (await checkpoints(ledger)).map(({ heads }) => heads.find(({ chain }) => chain === "web01"));
    expect(seen.map((head) => head?.sequence)).toEqual([4, 6, 9, 9]);
  });

  it("is not written behind something that is no record", async () => {
    const ledger = await filled();
    await replaceObject(ledger, recordKey(CHECKPOINT_CHAIN, 2), "{}");
    await expect(checkpoint(ledger)).rejects.toMatchObject({ exitCode: exitCode.integrity });
  });

  it.each([
    ["in memory", async () => createMemoryStore("memory:ledger")],
    ["in a folder", async () => createFolderStore(await temporaryFolder(), "file:///ledger")],
  ])(
    "of several machines at once %s goes back behind no other, and accepts each key once",
    async (_name, open) => {
      const ledger = await open();
      const machines = [decider, otherSigner(5), otherSigner(6)];
      for (const [index, { key }] of machines.entries()) {
        const how = index === 0 ? "first" : "accepted";
        await appendRecord(writerTo(ledger), CONTROL_CHAIN, acceptanceOf(key, { how }));
      }
      await ship(writerTo(ledger, web01), "web01", 1, 2);
      const { writers } = await readControl(ledger);
      const shipping = ship(writerTo(ledger, web01), "web01", 3, 12);
      const written = await Promise.all(
        machines.map((machine) => writeCheckpoint(writerTo(ledger, machine), stamp, writers)),
      );
      await shipping;
      expect(written.map(({ sequence }) => sequence).sort((one, other) => one - other)).toEqual([1, 2, 3]);
      expect(await acceptances(ledger)).toHaveLength(4);
      expect(written.flatMap(({ firstUses }) => firstUses)).toHaveLength(1);
      expect((await verify(ledger)).findings).toEqual([]);
    },
  );
});
