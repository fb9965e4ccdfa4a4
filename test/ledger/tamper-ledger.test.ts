import { describe, expect, it } from "vitest";
import { appendRecord, recordKey } from "../../src/ledger/chain.ts";
import { readRecord } from "../../src/ledger/record-object.ts";
import { CHECKPOINT_CHAIN, CONTROL_CHAIN } from "../../src/partition.ts";
import { createFolderStore } from "../../src/store/folder-store.ts";
import { type ObjectStore } from "../../src/store/object-store.ts";
import { otherSigner, unsignedRecord, writerTo } from "../support/ledger-writer.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  acceptanceOf,
  batchOf,
  change,
  decider,
  fillLedger,
  readAt,
  remove,
  rewrite,
  sign,
  stamp,
  stranger,
  verify,
  web01,
  web02,
} from "./ledger-world.ts";
import { replaceObject } from "./memory-ledger.ts";

type Tampering = (ledger: ObjectStore) => Promise<void>;
/** The first finding. */
type Found = readonly [chain: string, sequence: number, kind: string];

const tamperings: readonly (readonly [name: string, tamper: Tampering, found: Found])[] = [
  [
    "a record that was changed",
    (ledger) => change(ledger, "web01", 3, /(?<="lines":)\d/),
    ["web01", 3, "forged"],
  ],
  [
    "a changed last record",
    (ledger) => change(ledger, "web01", 7, /(?<="lines":)\d/),
    ["web01", 7, "forged"],
  ],
  [
    "a changed decision",
    (ledger) => change(ledger, CONTROL_CHAIN, 3, /(?<="overdue":)\d/),
    [CONTROL_CHAIN, 3, "forged"],
  ],
  [
    "a changed checkpoint",
    (ledger) => change(ledger, CHECKPOINT_CHAIN, 1, /(?<="sequence":)1/),
    [CHECKPOINT_CHAIN, 1, "forged"],
  ],
  [
    "a changed hash of the one before",
    (ledger) => change(ledger, "web01", 3, /(?<="previous":")./),
    ["web01", 3, "forged"],
  ],
  ["a changed store", (ledger) => change(ledger, "web01", 3, /(?<="store":")0/), ["web01", 3, "forged"]],
  [
    "white space",
    async (ledger) => {
      const text = Buffer.from(await ledger.read(recordKey("web01", 7))).toString();
      await replaceObject(ledger, recordKey("web01", 7), `${text}\n`);
    },
    ["web01", 7, "junk"],
  ],
  ["a record that was removed", (ledger) => remove(ledger, "web01", 3), ["web01", 3, "missing"]],
  ["a removed first record", (ledger) => remove(ledger, "web01", 1), ["web01", 1, "missing"]],
  [
    "two records that changed places",
    async (ledger) => {
      const [second, third] = [
        await ledger.read(recordKey("web01", 2)),
        await ledger.read(recordKey("web01", 3)),
      ];
      await replaceObject(ledger, recordKey("web01", 2), third);
      await replaceObject(ledger, recordKey("web01", 3), second);
    },
    ["web01", 2, "unlinked"],
  ],
  [
    "a record that was put in between by the node itself",
    async (ledger) => {
      const third = await readAt(ledger, "web01", 3);
      const moved = await Promise.all([3, 4, 5, 6, 7].map((sequence) => readAt(ledger, "web01", sequence)));
      await sign(ledger, third, web01, { ...third, body: batchOf("web01", 99) });
      for (const record of moved) {
        const next = { ...record, sequence: record.sequence + 1 };
        await sign(ledger, next, web01, next);
      }
    },
    ["web01", 4, "unlinked"],
  ],
  [
    "something that is no record",
    async (ledger) => void (await ledger.create("chains/web01/notes.txt", Buffer.from(""))),
    ["web01", 8, "alien"],
  ],
  [
    "a chain cut off before the last checkpoint",
    (ledger) => remove(ledger, "web01", 6, 7),
    ["web01", 6, "cut-off"],
  ],
  ["a chain that is gone", (ledger) => remove(ledger, "web02", 1, 2, 3), ["web02", 1, "cut-off"]],
  ["decisions cut off", (ledger) => remove(ledger, CONTROL_CHAIN, 5, 6), [CONTROL_CHAIN, 5, "cut-off"]],
  [
    "a chain that its node wrote anew",
    (ledger) => rewrite(ledger, web01, "web01", 5),
    ["web01", 6, "replaced"],
  ],
  [
    "a chain that a stranger wrote anew",
    (ledger) => rewrite(ledger, stranger, "web01", 1),
    ["web01", 1, "unaccepted"],
  ],
  [
    "a record that a stranger signed",
    async (ledger) => {
      const last = await readAt(ledger, "web01", 7);
      await sign(ledger, last, stranger, last);
    },
    ["web01", 7, "unaccepted"],
  ],
  [
    "a record of another node's key",
    async (ledger) => {
      await appendRecord(writerTo(ledger, web02), "web01", batchOf("web01", 8));
    },
    ["web01", 8, "unaccepted"],
  ],
  [
    "a record of another store",
    async (ledger) => {
      await appendRecord(writerTo(ledger, otherSigner(1, "another-store")), "web01", batchOf("web01", 8));
    },
    ["web01", 8, "other-store"],
  ],
  [
    "a record without a signature behind signed ones",
    async (ledger) => {
      const last = await ledger.read(recordKey("web01", 7));
      await ledger.create(recordKey("web01", 8), unsignedRecord("web01", 8, last, batchOf("web01", 8)));
    },
    ["web01", 8, "unsigned"],
  ],
  [
    "another node's batch",
    async (ledger) => {
      await appendRecord(writerTo(ledger, web01), "web01", batchOf("web02", 8));
    },
    ["web01", 8, "misplaced"],
  ],
  [
    "a certificate in a node's chain",
    async (ledger) => {
      const clocks = { local: stamp.at, store: null };
      const ran = { kind: "retention-ran", ...stamp, clocks, certified: 9, overdue: 0 } as const;
      await appendRecord(writerTo(ledger, web01), "web01", ran);
    },
    ["web01", 8, "misplaced"],
  ],
  [
    "a batch among the decisions",
    async (ledger) => {
      await appendRecord(writerTo(ledger), CONTROL_CHAIN, batchOf(CONTROL_CHAIN, 8));
    },
    [CONTROL_CHAIN, 7, "misplaced"],
  ],
  [
    "a record under a lease that is over",
    async (ledger) => {
      const last = await readAt(ledger, CONTROL_CHAIN, 6);
      const head = { sequence: 6, sha256: "" };
      const late = { kind: "retention-policy", ...stamp, classes: {}, quarantineTerm: "1d" } as const;
      const found = readRecord(await ledger.read(recordKey(CONTROL_CHAIN, 6)));
      if (found.kind !== "record") throw new Error(`${last.sequence} is a record`);
      const options = { head: { ...head, sha256: found.stored.sha256 }, fence: 2 };
      await appendRecord(writerTo(ledger), CONTROL_CHAIN, late, options);
    },
    [CONTROL_CHAIN, 7, "fence"],
  ],
  [
    "a stranger who accepts himself",
    async (ledger) => {
      await appendRecord(writerTo(ledger, stranger), CONTROL_CHAIN, acceptanceOf(stranger.key));
    },
    [CONTROL_CHAIN, 7, "unaccepted"],
  ],
  [
    "a node that decides",
    async (ledger) => {
      await appendRecord(writerTo(ledger, web01), CONTROL_CHAIN, acceptanceOf(stranger.key));
    },
    [CONTROL_CHAIN, 7, "unaccepted"],
  ],
  [
    "a stranger who takes over",
    async (ledger) => {
      await appendRecord(
        writerTo(ledger, stranger),
        CONTROL_CHAIN,
        acceptanceOf(stranger.key, { how: "takeover" }),
      );
    },
    [CONTROL_CHAIN, 7, "takeover"],
  ],
  [
    "a stranger's checkpoint",
    async (ledger) => {
      await appendRecord(writerTo(ledger, stranger), CHECKPOINT_CHAIN, {
        kind: "checkpoint",
        ...stamp,
        heads: [],
      });
    },
    [CHECKPOINT_CHAIN, 3, "backwards"],
  ],
  [
    "a checkpoint that goes back",
    async (ledger) => {
      const { body } = await readAt(ledger, CHECKPOINT_CHAIN, 1);
      await appendRecord(writerTo(ledger), CHECKPOINT_CHAIN, body);
    },
    [CHECKPOINT_CHAIN, 3, "backwards"],
  ],
  [
    "a checkpoint without any heads in it",
    async (ledger) => {
      const body = { kind: "checkpoint", ...stamp, heads: 1 } as never;
      await appendRecord(writerTo(ledger, stranger), CHECKPOINT_CHAIN, body);
    },
    [CHECKPOINT_CHAIN, 3, "unaccepted"],
  ],
];

describe.each([
  ["in memory", async () => createMemoryStore("memory:ledger")],
  ["in a folder", async () => createFolderStore(await temporaryFolder(), "file:///ledger")],
])("the verification of a ledger %s", (_place, open) => {
  it("finds nothing in one that is as it was written", async () => {
    const ledger = await open();
    const [, second] = await fillLedger(ledger);
    const report = await verify(ledger);
    expect(report.findings).toEqual([]);
    expect(report.waiting).toEqual([]);
    expect(report.root).toBe(decider.key);
    expect(report.checkpoint).toMatchObject({ sequence: 2, sha256: second?.sha256 });
    expect(report.chains.map(({ chain, records, unsigned }) => [chain, records, unsigned])).toEqual([
      [CONTROL_CHAIN, 6, 0],
      [CHECKPOINT_CHAIN, 2, 0],
      ["web01", 7, 0],
      ["web02", 3, 0],
    ]);
  });

  it.each(tamperings)("finds %s, and names the first bad record", async (_name, tamper, found) => {
    const ledger = await open();
    await fillLedger(ledger);
    await tamper(ledger);
    const { findings } = await verify(ledger);
    expect([findings[0]?.chain, findings[0]?.sequence, findings[0]?.kind]).toEqual(found);
    // One chain is the matter, and the others are read all the same.
    expect(new Set(findings.map(({ chain }) => chain))).toEqual(new Set([found[0]]));
  });
});
