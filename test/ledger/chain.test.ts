import { describe, expect, it } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import { appendRecord, type ChainHead, emptyChain, readChain } from "../../src/ledger/chain.ts";
import type { SignedRecord } from "../../src/ledger/record.ts";
import { encodeRecord, readRecord, type StoredRecord } from "../../src/ledger/record-object.ts";
import { sha256Hex } from "../../src/sha256.ts";
import { createFolderStore } from "../../src/store/folder-store.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { testSigner, testStoreId, writerTo } from "../support/ledger-writer.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { recordAt, recordsOf, replaceObject } from "./memory-ledger.ts";

const chain = "web01";

function keyOf(sequence: number): string {
  return `chains/${chain}/${String(sequence).padStart(12, "0")}.json`;
}

async function ledgerOf(count: number): Promise<ObjectStore> {
  const ledger = createMemoryStore("memory:ledger");
  let head: ChainHead = emptyChain;
  for (let i = 1; i <= count; i++) head = await appendRecord(writerTo(ledger), chain, recordAt(i), { head });
  return ledger;
}

/** Reads as far as it goes: how many records, and what stopped it. */
async function readAll(
  ledger: ObjectStore,
): Promise<{ readonly records: number; readonly failure: unknown }> {
  let records = 0;
  try {
    for await (const _ of readChain(ledger, chain)) records++;
    return { records, failure: undefined };
  } catch (failure) {
    return { records, failure };
  }
}

/** The store answers a create as if another had been first, though it stored what it was given. */
function losingAnswers(ledger: ObjectStore, lost: number): ObjectStore {
  let left = lost;
  return {
    ...ledger,
    async create(key, body) {
      const answer = await ledger.create(key, body);
      return left-- > 0 ? "exists" : answer;
    },
  };
}

function moveVersion(text: string): string {
  return text.replace('"version":2,', "").replace(',"body"', ',"version":2,"body"');
}

function readStored(bytes: Uint8Array | undefined): StoredRecord {
  const reading = readRecord(bytes ?? new Uint8Array());
  if (reading.kind !== "record") throw new Error("a record");
  return reading.stored;
}

/** What the writer itself could put in a record's place. */
async function signedAgain(
  ledger: ObjectStore,
  key: string,
  change: Partial<SignedRecord>,
): Promise<Uint8Array> {
  const { record } = readStored(await ledger.read(key));
  return encodeRecord({ ...record, ...change } as SignedRecord, testSigner());
}

describe("appendRecord", () => {
  it("numbers the records without gaps, each naming the hash of the bytes before it", async () => {
    const ledger = await ledgerOf(40);
    let previous = emptyChain.sha256;
    for (const [index, { record, sha256 }] of (await recordsOf(ledger, chain)).entries()) {
      expect(record).toEqual({
        version: 2,
        store: testStoreId,
        chain,
        sequence: index + 1,
        previous,
        body: recordAt(index + 1),
      });
      const bytes = await ledger.read(keyOf(index + 1));
      expect(sha256).toBe(sha256Hex(bytes));
      expect(bytes.at(-1)).toBe(0x0a);
      previous = sha256;
    }
  });

  it("finds the end of the chain itself", async () => {
    const ledger = await ledgerOf(3);
    const head = await appendRecord(writerTo(ledger), chain, recordAt(4));
    expect(head.sequence).toBe(4);
    expect(await recordsOf(ledger, chain)).toHaveLength(4);
  });

  it("keeps chains apart, also where one's name begins another's", async () => {
    const ledger = createMemoryStore("memory:ledger");
    for (const name of ["web", "web-1", "web.a", "web1"]) {
      for (let i = 1; i <= 2; i++) await appendRecord(writerTo(ledger), name, recordAt(i));
    }
    for (const name of ["web", "web-1", "web.a", "web1"])
      expect(await recordsOf(ledger, name)).toHaveLength(2);
  });

  it.each([
    ["in memory", () => Promise.resolve(createMemoryStore("memory:ledger"))],
    ["in a folder", async () => createFolderStore(await temporaryFolder(), "file:///ledger")],
  ])("of 8 writers at once %s makes one unbroken chain that holds every record once", async (_name, open) => {
    const ledger = await open();
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      let head: ChainHead = emptyChain;
      for (let i = 0; i < 6; i++)
        head = await appendRecord(writerTo(ledger), chain, recordAt(writer * 100 + i), { head });
    });
    await Promise.all(writers);
    const numbers = (await recordsOf(ledger, chain)).map(({ record }) =>
      record.body.kind === "purge" ? record.body.failures : -1,
    );
    const expected = Array.from({ length: 48 }, (_, i) => Math.floor(i / 6) * 100 + (i % 6));
    expect([...numbers].sort((a, b) => a - b)).toEqual(expected);
    // Each writer's own are in the order in which it wrote them.
    for (let writer = 0; writer < 8; writer++) {
      const own = numbers.filter((number) => Math.floor(number / 100) === writer);
      expect(own).toEqual([...own].sort((a, b) => a - b));
    }
  });

  it("shows what others have appended in between, in order, before it appends behind it", async () => {
    const ledger = await ledgerOf(1);
    const [first] = await recordsOf(ledger, chain);
    for (let i = 2; i <= 20; i++) await appendRecord(writerTo(ledger), chain, recordAt(i));
    const shown: StoredRecord[] = [];
    const head = { sequence: 1, sha256: first?.sha256 ?? "" };
    const next = await appendRecord(writerTo(ledger), chain, recordAt(99), {
      head,
      onForeign: (foreign) => void shown.push(foreign),
    });
    expect(shown.map(({ record }) => record.sequence)).toEqual(Array.from({ length: 19 }, (_, i) => i + 2));
    expect(next.sequence).toBe(21);
    expect((await readAll(ledger)).records).toBe(21);
  });

  it("appends nothing when it is stopped by what it was shown", async () => {
    const ledger = await ledgerOf(1);
    const append = appendRecord(writerTo(ledger), chain, recordAt(2), {
      head: emptyChain,
      onForeign: () => {
        throw new Error("not over this one");
      },
    });
    await expect(append).rejects.toThrow("not over this one");
    expect(await recordsOf(ledger, chain)).toHaveLength(1);
  });

  it("knows its own record again when the answer to its create was lost", async () => {
    const ledger = await ledgerOf(1);
    const shown: number[] = [];
    const head = await appendRecord(writerTo(losingAnswers(ledger, 1)), chain, recordAt(2), {
      onForeign: ({ record }) => void shown.push(record.sequence),
    });
    expect(head.sequence).toBe(2);
    expect(shown).toEqual([]);
    expect((await recordsOf(ledger, chain)).map(({ record }) => record.body)).toEqual([
      recordAt(1),
      recordAt(2),
    ]);
  });

  it("knows its own record again though another has appended behind it since", async () => {
    const ledger = await ledgerOf(1);
    const lossy: ObjectStore = {
      ...ledger,
      async create(key, body) {
        await ledger.create(key, body);
        await appendRecord(writerTo(ledger), chain, recordAt(3));
        return "exists";
      },
    };
    expect((await appendRecord(writerTo(lossy), chain, recordAt(2))).sequence).toBe(2);
    expect((await recordsOf(ledger, chain)).map(({ record }) => record.body)).toEqual(
      [1, 2, 3].map(recordAt),
    );
  });

  it("gives up, to be tried again, when others are always first", async () => {
    const ledger = createMemoryStore("memory:ledger");
    const busy: ObjectStore = {
      ...ledger,
      async create(key) {
        if (key.startsWith(`chains/${chain}/`)) await appendRecord(writerTo(ledger), chain, recordAt(1));
        return "exists";
      },
    };
    await expect(appendRecord(writerTo(busy), chain, recordAt(2))).rejects.toMatchObject({
      exitCode: exitCode.tryAgain,
      message: expect.stringContaining(`chain ${chain}`),
    });
  });

  it("does not append behind a last object that is no record", async () => {
    const ledger = await ledgerOf(2);
    await replaceObject(ledger, keyOf(2), "{}");
    await expect(appendRecord(writerTo(ledger), chain, recordAt(3))).rejects.toMatchObject({
      exitCode: exitCode.integrity,
      message: expect.stringContaining(keyOf(2)),
    });
  });
});

describe("readChain", () => {
  it("reads nothing from a chain that nobody has written to", async () => {
    expect(await readAll(createMemoryStore("memory:ledger"))).toEqual({ records: 0, failure: undefined });
  });

  it("goes on from a record that was read before", async () => {
    const ledger = await ledgerOf(30);
    const records = await recordsOf(ledger, chain);
    const tenth = { sequence: 10, sha256: records[9]?.sha256 ?? "" };
    const rest: number[] = [];
    for await (const { record } of readChain(ledger, chain, tenth)) rest.push(record.sequence);
    expect(rest).toEqual(Array.from({ length: 20 }, (_, i) => i + 11));
  });

  it("finds that the chain is another than the one whose head it was given", async () => {
    const ledger = await ledgerOf(3);
    const read = async (): Promise<void> => {
      for await (const _ of readChain(ledger, chain, { sequence: 2, sha256: "f".repeat(64) }));
    };
    await expect(read()).rejects.toThrow(keyOf(3));
  });

  it.each([
    ["a changed count", (text: string) => text.replace('"failures":3', '"failures":4'), "is not signed"],
    ["one more blank", (text: string) => text.replace('"failures":3', '"failures": 3'), "is no record"],
    ["a blank behind it", (text: string) => `${text} `, "is no record"],
    ["no newline behind it", (text: string) => text.trimEnd(), "is no record"],
    ["one more field", (text: string) => text.replace('"body"', '"more":1,"body"'), "is no record"],
    ["a field twice", (text: string) => text.replace('"body"', '"sequence":3,"body"'), "is no record"],
    ["fields in another order", (text: string) => moveVersion(text), "is no record"],
    ["no signature", (text: string) => text.replace(/\n.*\n$/, "\n"), "is no record"],
    ["another version", (text: string) => text.replace('"version":2', '"version":3'), "is no record"],
    ["a fence", (text: string) => text.replace('"body"', '"fence":1,"body"'), "is not signed"],
  ])("finds %s, and names that record", async (_name, change, message) => {
    const ledger = await ledgerOf(6);
    const text = Buffer.from(await ledger.read(keyOf(3))).toString();
    expect(change(text)).not.toBe(text);
    await replaceObject(ledger, keyOf(3), change(text));
    const { records, failure } = await readAll(ledger);
    expect(records).toBe(2);
    expect(failure).toMatchObject({
      exitCode: exitCode.integrity,
      message: expect.stringContaining(`${keyOf(3)} ${message}`),
    });
  });

  it.each([
    ["a changed hash of the one before", { previous: "f".repeat(64) }],
    ["another number", { sequence: 7 }],
    ["another chain's name", { chain: "web02" }],
  ])("finds %s, however well it is signed", async (_name, change) => {
    const ledger = await ledgerOf(6);
    await replaceObject(ledger, keyOf(3), await signedAgain(ledger, keyOf(3), change));
    const { records, failure } = await readAll(ledger);
    expect(records).toBe(2);
    expect(failure).toMatchObject({ message: expect.stringContaining(`${keyOf(3)} does not follow`) });
  });

  it("finds a record that its own writer signed anew, by the one behind it", async () => {
    const ledger = await ledgerOf(6);
    await replaceObject(ledger, keyOf(3), await signedAgain(ledger, keyOf(3), { body: recordAt(99) }));
    const { records, failure } = await readAll(ledger);
    expect(records).toBe(3);
    expect(failure).toMatchObject({ message: expect.stringContaining(`${keyOf(4)} does not follow`) });
  });

  it.each([
    ["nothing", ""],
    ["half a record", '{"version":1,"chain":"web01","seq'],
    ["a list", "[]"],
    ["null", "null"],
    ["bytes that are no text", "\xff\xfe"],
  ])("finds %s in a record's place", async (_name, text) => {
    const ledger = await ledgerOf(4);
    await replaceObject(ledger, keyOf(2), Buffer.from(text, "latin1"));
    const { records, failure } = await readAll(ledger);
    expect(records).toBe(1);
    expect(failure).toMatchObject({ message: expect.stringContaining(`${keyOf(2)} is no record`) });
  });

  it.each([1, 2, 17, 39])(
    "finds that record %i was removed, and names it and the next one",
    async (removed) => {
      const ledger = await ledgerOf(40);
      await ledger.remove([keyOf(removed)]);
      const { records, failure } = await readAll(ledger);
      expect(records).toBe(removed - 1);
      expect(failure).toMatchObject({
        exitCode: exitCode.integrity,
        message: expect.stringContaining(
          `record ${removed} is missing, the next one found is ${keyOf(removed + 1)}`,
        ),
      });
    },
  );

  it("finds that two records have changed places", async () => {
    const ledger = await ledgerOf(5);
    const [second, third] = [await ledger.read(keyOf(2)), await ledger.read(keyOf(3))];
    await replaceObject(ledger, keyOf(2), third);
    await replaceObject(ledger, keyOf(3), second);
    const { records, failure } = await readAll(ledger);
    expect(records).toBe(1);
    expect(failure).toMatchObject({ message: expect.stringContaining(keyOf(2)) });
  });

  it("finds a record that was put in between, however well it is made", async () => {
    const ledger = await ledgerOf(5);
    const stored = await Promise.all([1, 2, 3, 4, 5].map((i) => ledger.read(keyOf(i))));
    await ledger.remove([3, 4, 5].map(keyOf));
    const [, second] = await recordsOf(ledger, chain);
    await appendRecord(writerTo(ledger), chain, recordAt(99), {
      head: { sequence: 2, sha256: second?.sha256 ?? "" },
    });
    for (const i of [3, 4, 5]) {
      const moved = { ...readStored(stored[i - 1]).record, sequence: i + 1 } as SignedRecord;
      await ledger.create(keyOf(i + 1), encodeRecord(moved, testSigner()));
    }
    const { records, failure } = await readAll(ledger);
    expect(records).toBe(3);
    expect(failure).toMatchObject({ message: expect.stringContaining(keyOf(4)) });
  });

  it.each([
    "chains/web01/000000000000.json",
    "chains/web01/00",
    "chains/web01/000000000002.json.bak",
    "chains/web01/000000000002-copy.json",
    "chains/web01/x",
    "chains/web01/x/000000000005.json",
  ])("finds %s, an object that has no place there", async (key) => {
    const ledger = await ledgerOf(4);
    await ledger.create(key, Buffer.from("{}"));
    const { failure } = await readAll(ledger);
    expect(failure).toMatchObject({ exitCode: exitCode.integrity, message: expect.stringContaining(key) });
  });

  it("says which ledger it is, and that nothing was done", async () => {
    const ledger = await ledgerOf(3);
    await ledger.remove([keyOf(2)]);
    expect((await readAll(ledger)).failure).toMatchObject({
      message: expect.stringMatching(
        /^the ledger at memory:ledger is damaged in chain web01: .*Nothing was done/,
      ),
    });
  });
});
