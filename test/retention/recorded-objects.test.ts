import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { openRecordedObjects } from "../../src/commands/recorded-objects.ts";
import type { Day } from "../../src/day.ts";
import { appendRecord } from "../../src/ledger/chain.ts";
import type { BatchRecord } from "../../src/ledger/record.ts";
import type { RewriteRecord } from "../../src/ledger/rewrite-record.ts";
import { formatKey } from "../../src/partition.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { writerTo } from "../support/ledger-writer.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { dayOf } from "../support/purge-objects.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const day = dayOf("2026-11-22");
const other = dayOf("2026-11-21");

let ledger: ObjectStore;
let folder: string;
let reads: string[];

beforeEach(async () => {
  folder = await temporaryFolder();
  const store = createMemoryStore("memory:ledger");
  reads = [];
  ledger = {
    ...store,
    read(key, range) {
      reads.push(key);
      return store.read(key, range);
    },
  };
});

function digest(number: number): string {
  return number.toString(16).padStart(64, "0");
}

function keyOf(node: string, ofDay: Day, number: number): string {
  const batch = number.toString(16).padStart(32, "0");
  return formatKey({ day: ofDay, node, retentionClass: "standard", batch, isSealed: true });
}

/** A batch with an object of raw for each of these numbers. */
async function record(node: string, numbers: readonly number[], ofDay = day): Promise<void> {
  const objects = numbers.map((number) => ({
    view: "raw" as const,
    key: keyOf(node, ofDay, number),
    rows: number,
    sizeBytes: 100 + number,
    sha256: digest(number),
  }));
  const body: BatchRecord = {
    kind: "batch",
    node,
    batch: "0".repeat(32),
    at: "2026-11-22T12:00:00.000Z",
    clock: "system",
    program: "0.0.0",
    counts: { lines: 1, bytes: 1, stored: 1, quarantined: 0, refused: 0 },
    objects,
    manifest: { key: `manifests/${node}/x.json.gz`, sizeBytes: 1, sha256: digest(0) },
  };
  await appendRecord(writerTo(ledger), node, body);
}

async function rowsOf(ofDay = day): Promise<readonly number[]> {
  const recorded = await openRecordedObjects(ledger, folder);
  expect(recorded.faults).toEqual([]);
  return [...(await recorded.of("raw", ofDay)).values()].map(({ rows }) => rows);
}

describe("recorded objects", () => {
  it("are what the chains of all nodes say, by view and day", async () => {
    await record("web-1", [1, 2]);
    await record("web-2", [3]);
    await record("web-2", [4], other);
    const recorded = await openRecordedObjects(ledger, folder);
    expect(await recorded.of("raw", day)).toEqual(
      new Map(
        [1, 2, 3].map((number) => [
          keyOf(number === 3 ? "web-2" : "web-1", day, number),
          { rows: number, sizeBytes: 100 + number, sha256: digest(number) },
        ]),
      ),
    );
    expect((await recorded.of("raw", other)).size).toBe(1);
    expect((await recorded.of("analytics", day)).size).toBe(0);
  });

  it("are read once: the next time only what came since", async () => {
    await record("web-1", [1]);
    await record("web-1", [2]);
    await rowsOf();
    await record("web-1", [3]);
    reads.length = 0;
    expect(await rowsOf()).toEqual([1, 2, 3]);
    // The one that it went up to, which has to be the same, and the new one.
    expect(reads).toEqual(["chains/web-1/000000000002.json", "chains/web-1/000000000003.json"]);
  });

  it("count as they were recorded first, by the node whose objects they are or in the control chain", async () => {
    await record("web-1", [1]);
    const rewritten = (numbers: readonly number[], rows: number): RewriteRecord => ({
      kind: "rewrite",
      at: "2026-11-22T12:00:00.000Z",
      clock: "system",
      reason: "pack",
      inputs: [],
      outputs: numbers.map((number) => ({
        view: "raw",
        key: keyOf("web-1", day, number),
        rows,
        sizeBytes: 9,
        sha256: digest(9),
      })),
      rowsErased: {},
    });
    await appendRecord(writerTo(ledger), "web-1", rewritten([1, 5], 50));
    await appendRecord(writerTo(ledger), "control", rewritten([6], 60));
    await appendRecord(writerTo(ledger), "a-liar", rewritten([6, 7], 70));
    expect([...(await rowsOf())].sort((a, b) => (a ?? 0) - (b ?? 0))).toEqual([1, 50, 60]);
  });

  it.each([
    ["the heads are gone", (name: string) => name === "heads.json", undefined],
    ["the heads are damaged", (name: string) => name === "heads.json", "{"],
    ["a day is gone", (name: string) => name.endsWith(".ndjson"), undefined],
    ["a day is cut off", (name: string) => name.endsWith(".ndjson"), "["],
    ["a day was changed", (name: string) => name.endsWith(".ndjson"), "changed"],
  ] as const)("are read anew when %s", async (_what, isMeant, text) => {
    await record("web-1", [1, 2]);
    await rowsOf();
    for (const name of (await readdir(folder)).filter(isMeant)) {
      const path = join(folder, name);
      if (text === undefined) await rm(path);
      else
        await writeFile(
          path,
          text === "changed" ? (await readFile(path, "utf8")).replace(",1,101,", ",9,101,") : text,
        );
    }
    expect(await rowsOf()).toEqual([1, 2]);
  });

  it("are read anew when the chains do not go on from what was read", async () => {
    await record("web-1", [1]);
    await rowsOf();
    ledger = createMemoryStore("memory:other");
    await record("web-1", [7]);
    expect(await rowsOf()).toEqual([7]);
  });

  it("do not take in what a killed run wrote and did not come to count", async () => {
    await record("web-1", [1]);
    await rowsOf();
    const path = join(folder, `${day}.ndjson`);
    await writeFile(path, `${await readFile(path, "utf8")}[["raw","half a li`);
    await record("web-1", [2]);
    await rowsOf();
    reads.length = 0;
    expect(await rowsOf()).toEqual([1, 2]);
    expect(reads).toEqual(["chains/web-1/000000000002.json"]);
  });

  it("of a chain that is broken are known up to there; it is named, and others are read", async () => {
    await record("web-1", [1]);
    await ledger.create("chains/web-1/000000000002.json", Buffer.from("{}"));
    await record("web-2", [2]);
    const recorded = await openRecordedObjects(ledger, folder);
    expect(recorded.faults).toMatchObject([{ chain: "web-1", sequence: 2, kind: "junk" }]);
    expect((await recorded.of("raw", day)).size).toBe(2);
  });
});
