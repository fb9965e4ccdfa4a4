import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { runQuery } from "../../../query/io/run-query.ts";
import { MS_PER_DAY } from "../../../src/day.ts";
import { exitCode } from "../../../src/exit-code.ts";
import { splitHeader } from "../../../src/seal/age-header.ts";
import type { ByteRange, ObjectStore } from "../../../src/store/object-store.ts";
import { type ParquetRow, parquetRows, rawRow } from "../../support/parquet-rows.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { ask, createTestStore, putRaw, questionOf, testKey } from "../support/query-world.ts";
import { createSealedWorld } from "../support/sealed-world.ts";

const nowMs = Date.parse("2026-11-22T12:00:00Z");
const timeMs = nowMs - 3_600_000;

const userError = (code: number, ...parts: readonly string[]): unknown =>
  expect.objectContaining({
    name: "UserError",
    exitCode: code,
    message: expect.stringMatching(new RegExp(parts.join(".*"))),
  });

/** A Parquet file that takes more than so many chunks. */
function manyRows(chunks: number): Promise<Uint8Array> {
  const rows = Array.from({ length: chunks * 800 }, (_, index) =>
    rawRow({ time: timeMs + index, path: `/${randomBytes(85).toString("hex")}` }),
  );
  return parquetRows(rows);
}

let threeChunks: Uint8Array;
beforeAll(async () => {
  threeChunks = await manyRows(3);
});

/** As `store`, where `after` is run once an object's first bytes were read. */
function reading(store: ObjectStore, after: (key: string) => Promise<unknown>): ObjectStore {
  return {
    ...store,
    async read(key: string, range?: ByteRange) {
      const bytes = await store.read(key, range);
      if (range?.start === 0) await after(key);
      return bytes;
    },
  };
}

describe("a look-up in sealed objects", () => {
  it("answers from sealed and plain objects of a day in one order", async () => {
    const store = createTestStore();
    const world = await createSealedWorld();
    await world.put(store, [
      { time: timeMs, path: "/0" },
      { time: timeMs + 2, path: "/2" },
    ]);
    await putRaw(store, [{ time: timeMs + 1, path: "/1" }]);
    await world.put(store, [{ time: timeMs + 3, path: "/3" }]);
    const { rows, report } = await ask(store, questionOf({}, nowMs), world.place);
    expect(rows.flat()).toEqual(["/0", "/1", "/2", "/3"]);
    expect(report).toMatchObject({ objectsListed: 3, objectsOpened: 3, destroyed: [], keyless: [] });
    expect(await world.opened()).toEqual([]);
  });

  it("asks the custodian once, for all objects, with their headers and nothing behind them", async () => {
    const store = createTestStore();
    const world = await createSealedWorld();
    const keys = [
      await world.put(store, [{ time: timeMs - MS_PER_DAY, path: "/a" }]),
      await world.put(store, [{ time: timeMs, path: "/b" }]),
    ];
    await ask(store, questionOf({ since: "2d" }, nowMs), world.place);
    const headers = await Promise.all(keys.map(async (key) => splitHeader(await store.read(key))));
    expect(world.requests).toEqual([
      {
        lookup: expect.stringMatching(/^[0-9a-f]{32}$/),
        purpose: "query",
        headers: keys.map((key, index) => ({ view: "raw", key, header: headers[index] })),
      },
    ]);
    expect(world.custodians).toEqual({ opened: 1, closed: 1 });
  });

  it("costs one read for each small object, and reads no days that hold no answer", async () => {
    const store = createTestStore();
    const world = await createSealedWorld();
    for (const daysAgo of [0, 0, 3]) await world.put(store, [{ time: timeMs - daysAgo * MS_PER_DAY }]);
    const reads: string[] = [];
    const watched = reading(store, async (key) => reads.push(key));
    const { report } = await ask(watched, questionOf({}, nowMs), world.place);
    expect(report).toMatchObject({ days: 2, objectsOpened: 2 });
    expect(reads).toHaveLength(2);
    expect(world.requests.map(({ headers }) => headers.length)).toEqual([2]);
  });

  it("opens into files for this user only, and leaves none, nor a custodian, when its reader stops", async () => {
    const store = createTestStore();
    const world = await createSealedWorld();
    await world.put(store, [{ time: timeMs, path: "/a" }]);
    const scratchDirectory = await temporaryFolder();
    const { signal } = new AbortController();
    const run = runQuery(questionOf({}, nowMs), { store, scratchDirectory, signal, ...world.place });
    for await (const block of run.blocks) {
      expect(block).toEqual([["/a"]]);
      expect((await world.opened()).map(({ mode }) => mode.toString(8))).toEqual(["700", "600"]);
      break;
    }
    expect(await world.opened()).toEqual([]);
    expect(await readdir(scratchDirectory)).toEqual([]);
    expect(world.custodians).toEqual({ opened: 1, closed: 1 });
  });

  it("stops when it is told to, and leaves nothing", async () => {
    const store = createTestStore();
    const world = await createSealedWorld();
    await world.put(store, [{ time: timeMs, path: "/a" }]);
    const stop = new AbortController();
    const watched = reading(store, async () => stop.abort(new Error("enough")));
    const place = { ...world.place, signal: stop.signal };
    await expect(ask(watched, questionOf({}, nowMs), place)).rejects.toThrow("enough");
    expect(world.requests).toEqual([]);
    expect(world.custodians).toEqual({ opened: 1, closed: 1 });
  });

  it("never asks a custodian about analytics, where nothing that it knows is sealed", async () => {
    const store = createTestStore();
    const key = testKey(timeMs, true);
    await store.create(key, Buffer.from("age-encryption.org/v1\n"));
    const world = await createSealedWorld();
    const question = questionOf({ view: "analytics" }, nowMs);
    const { report } = await ask(store, question, world.place);
    expect(report).toMatchObject({ objectsOpened: 0, unrecognised: [key] });
    expect(world.custodians.opened).toBe(0);
  });
});

describe("a sealed object that cannot be believed", () => {
  const small: readonly ParquetRow[] = [{ time: timeMs, path: "/believed" }];

  it.each<[string, (sealed: Uint8Array) => Uint8Array]>([
    ["is empty", () => new Uint8Array(0)],
    ["is no age file", () => randomBytes(3000)],
    ["ends in its header", (sealed) => sealed.subarray(0, 100)],
    ["ends behind its header", (sealed) => sealed.subarray(0, splitHeader(sealed)?.length)],
    ["ends at the border of its first chunk", (sealed) => cutAtChunk(sealed, 1)],
    ["ends at the border of its second chunk", (sealed) => cutAtChunk(sealed, 2)],
    ["has lost its last byte", (sealed) => sealed.subarray(0, -1)],
    ["has a byte more", (sealed) => Buffer.concat([sealed, Buffer.of(0)])],
    ["has another bit in its header", (sealed) => flipped(sealed, 60)],
    ["has another bit in its nonce", (sealed) => flipped(sealed, (splitHeader(sealed)?.length ?? 0) + 3)],
    ["has another bit in its first chunk", (sealed) => flipped(sealed, 5000)],
    ["has another bit in its last byte", (sealed) => flipped(sealed, sealed.length - 1)],
  ])("gives no rows when it %s: it is named, and nothing is left", async (_what, damage) => {
    const store = createTestStore();
    const world = await createSealedWorld();
    await world.put(store, small);
    const key = testKey(timeMs, true);
    await store.create(key, damage(world.seal(threeChunks)));
    await expect(ask(store, questionOf({}, nowMs), world.place)).rejects.toEqual(
      userError(exitCode.integrity, key, "No rows were given"),
    );
    expect(await world.opened()).toEqual([]);
    expect(world.custodians).toEqual({ opened: 1, closed: 1 });
  });

  it("gives no rows when it was sealed for another key", async () => {
    const store = createTestStore();
    const world = await createSealedWorld();
    const key = await (await createSealedWorld()).put(store, small);
    await expect(ask(store, questionOf({}, nowMs), world.place)).rejects.toEqual(
      userError(exitCode.integrity, key, "sealed for another key"),
    );
  });

  it("is named when what is sealed is no Parquet", async () => {
    const store = createTestStore();
    const world = await createSealedWorld();
    const key = testKey(timeMs, true);
    await store.create(key, world.seal(Buffer.from("no parquet at all ".repeat(20))));
    await expect(ask(store, questionOf({}, nowMs), world.place)).rejects.toEqual(
      userError(exitCode.integrity, key, "damaged or is no Parquet"),
    );
  });
});

describe("objects that are left out of an answer", () => {
  it("counts those whose key was destroyed, and those whose key is lost, and answers from the rest", async () => {
    const store = createTestStore();
    const world = await createSealedWorld();
    const destroyed = await world.put(store, [{ time: timeMs, path: "/destroyed" }]);
    const keyless = await world.put(store, [{ time: timeMs, path: "/keyless" }]);
    await world.put(store, [{ time: timeMs, path: "/stays" }]);
    world.answers.set(destroyed, { kind: "destroyed", at: "2026-11-20T00:00:00Z" });
    world.answers.set(keyless, { kind: "no-key" });
    const { rows, report } = await ask(store, questionOf({}, nowMs), world.place);
    expect(rows.flat()).toEqual(["/stays"]);
    expect(report).toMatchObject({ objectsOpened: 1, destroyed: [destroyed], keyless: [keyless] });
  });

  it("names those that vanish before they are read, and between their first bytes and the rest", async () => {
    const store = createTestStore();
    const world = await createSealedWorld();
    await world.put(store, [{ time: timeMs, path: "/stays" }]);
    const large = testKey(timeMs, true);
    await store.create(large, world.seal(await manyRows(5)));
    const small = await world.put(store, [{ time: timeMs, path: "/goes" }]);
    const purging: ObjectStore = {
      ...reading(store, (key) => (key === large ? store.remove([key]) : Promise.resolve())),
      async *list(prefix) {
        yield* store.list(prefix);
        await store.remove([small]);
      },
    };
    const { rows, report } = await ask(purging, questionOf({ from: "today" }, nowMs), world.place);
    expect(rows.flat()).toEqual(["/stays"]);
    expect([...report.vanished].sort()).toEqual([large, small].sort());
  });
});

describe("the room for opened objects", () => {
  it("is asked for the largest day, and is never asked more of at once", async () => {
    const store = createTestStore();
    const sealedSizes: number[] = [];
    const world = await createSealedWorld({ roomBytes: 0 });
    for (const daysAgo of [3, 2, 1]) {
      const count = daysAgo === 2 ? 2 : 1;
      for (let i = 0; i < count; i++) {
        const key = await world.put(store, [{ time: timeMs - daysAgo * MS_PER_DAY, path: `/${daysAgo}` }]);
        sealedSizes.push((await store.read(key)).length);
      }
    }
    const most: number[] = [];
    const watched: ObjectStore = reading(store, async () => {
      most.push((await world.opened()).filter(({ name }) => name.endsWith(".parquet")).length);
    });
    const { rows, report } = await ask(watched, questionOf({ since: "4d" }, nowMs), world.place);
    expect(rows.flat()).toEqual(["/3", "/2", "/2", "/1"]);
    expect(report.objectsOpened).toBe(4);
    const [, first = 0, second = 0] = sealedSizes;
    expect(world.neededBytes).toEqual([first + second]);
    // Each day is opened alone, after the one before was removed.
    expect(most).toEqual([0, 0, 0, 0]);
    expect(world.requests.map(({ headers }) => headers.length)).toEqual([1, 2, 1]);
  });
});

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

/** What is left when everything behind a number of whole chunks is gone. Source: C2SP age.md, "Payload". */
function cutAtChunk(sealed: Uint8Array, chunks: number): Uint8Array {
  const end = (splitHeader(sealed)?.length ?? 0) + 16 + chunks * (65_536 + 16);
  expect(end).toBeLessThan(sealed.length);
  return sealed.subarray(0, end);
}
