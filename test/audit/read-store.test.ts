import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ObjectPosition,
  type ReadOptions,
  type ReadProgress,
  type RecordedBytes,
  readStore,
} from "../../src/audit/read-store.ts";
import { UserError } from "../../src/errors.ts";
import { type ExitCode, exitCode } from "../../src/exit-code.ts";
import { sealBytes } from "../../src/seal/seal-bytes.ts";
import { generateIdentity } from "../../src/seal/x25519.ts";
import { sha256Hex } from "../../src/sha256.ts";
import { createFolderStore } from "../../src/store/folder-store.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { type View, views } from "../../src/view.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const { recipient } = generateIdentity();
const plain = Buffer.from("PAR1 rows PAR1");
const sealed = sealBytes(plain, [recipient]);

type Stores = Readonly<Record<View, ObjectStore>>;

function memoryStores(): Stores {
  return {
    raw: createMemoryStore("memory://raw"),
    analytics: createMemoryStore("memory://analytics"),
    quarantine: createMemoryStore("memory://quarantine"),
  };
}

/** A key that the store may hold, in the order of the number. */
function keyOf(number: number, suffix = "parquet"): string {
  return `dt=2026-11-22/web-1_standard_${String(number).padStart(32, "0")}.${suffix}`;
}

async function put(stores: Stores, view: View, key: string, bytes: Uint8Array): Promise<RecordedBytes> {
  await stores[view].create(key, bytes);
  return { view, key, sizeBytes: bytes.length, sha256: sha256Hex(bytes) };
}

/** So many objects of analytics, each of its own bytes. */
async function fill(stores: Stores, count: number, sizeBytes = 8): Promise<readonly RecordedBytes[]> {
  return await Promise.all(
    Array.from({ length: count }, (_, index) =>
      put(stores, "analytics", keyOf(index), Buffer.alloc(sizeBytes, index)),
    ),
  );
}

/** The analytics store, of which some keys cannot be read. */
function failing(
  stores: Stores,
  fails: (key: string) => boolean,
  code: ExitCode = exitCode.tryAgain,
): Stores {
  const digest: ObjectStore["digest"] = (key) =>
    fails(key)
      ? Promise.reject(new UserError("the disk reports an error", code))
      : stores.analytics.digest(key);
  return { ...stores, analytics: { ...stores.analytics, digest } };
}

async function collect(
  options: ReadOptions,
): Promise<{ readonly seen: readonly ReadProgress[]; readonly error: unknown }> {
  const seen: ReadProgress[] = [];
  const error: unknown = await readStore({
    ...options,
    onProgress: (progress) => seen.push({ ...progress, findings: [...progress.findings] }),
  }).catch((thrown: unknown) => thrown);
  return { seen, error };
}

describe("readStore", () => {
  it("finds nothing where all bytes are as recorded and as their names say", async () => {
    const stores = memoryStores();
    const expected = [
      await put(stores, "raw", keyOf(1, "parquet.age"), sealed),
      await put(stores, "analytics", keyOf(1), plain),
      await put(stores, "quarantine", keyOf(2, "parquet.age"), sealed),
    ];
    expect(await readStore({ stores, expected })).toEqual({
      objects: 3,
      sizeBytes: sealed.length * 2 + plain.length,
      upTo: { view: "quarantine", key: keyOf(2, "parquet.age") },
      findings: [],
      isDone: true,
    });
  });

  it("finds a changed bit, a lost end and bytes behind the end, in files", async () => {
    const root = join(await temporaryFolder(), "analytics");
    const store = createFolderStore(root, pathToFileURL(root).href);
    const stores: Stores = { ...memoryStores(), analytics: store };
    const bytes = Buffer.alloc(700_000, "row ");
    const expected = await Promise.all(
      [0, 1, 2, 3].map((number) => put(stores, "analytics", keyOf(number), bytes)),
    );
    const flipped = Buffer.from(bytes);
    flipped[699_000] = (flipped[699_000] ?? 0) ^ 1;
    await writeFile(join(root, keyOf(1)), flipped);
    await writeFile(join(root, keyOf(2)), bytes.subarray(1));
    await writeFile(join(root, keyOf(3)), Buffer.concat([bytes, bytes.subarray(0, 1)]));
    const { findings } = await readStore({ stores, expected });
    expect(findings).toEqual(
      [1, 2, 3].map((number) => ({ kind: "altered", view: "analytics", key: keyOf(number) })),
    );
  });

  it("finds what is sealed or not, other than its name says", async () => {
    const stores = memoryStores();
    const expected = [
      await put(stores, "raw", keyOf(1, "parquet.age"), plain),
      await put(stores, "raw", keyOf(2, "parquet"), sealed),
      // It begins like an age file, and no age file is so long.
      await put(stores, "raw", keyOf(3, "parquet.age"), sealed.subarray(0, sealed.length - 20)),
      await put(stores, "raw", "notes.txt", sealed),
    ];
    const { findings } = await readStore({ stores, expected: expected.toSorted(byKey) });
    expect(findings).toEqual([
      { kind: "unsealed", view: "raw", key: keyOf(1, "parquet.age") },
      { kind: "sealed", view: "raw", key: keyOf(2, "parquet") },
      { kind: "unsealed", view: "raw", key: keyOf(3, "parquet.age") },
    ]);
  });

  it("compares with as much of the hash as is known, and refuses too little", async () => {
    const stores = memoryStores();
    const object = await put(stores, "raw", keyOf(1, "parquet.age"), sealed);
    const known = (sha256: string): ReadOptions => ({ stores, expected: [{ ...object, sha256 }] });
    expect((await readStore(known(object.sha256.slice(0, 32)))).findings).toEqual([]);
    const other = sha256Hex("other").slice(0, 32);
    expect((await readStore(known(other))).findings).toMatchObject([{ kind: "altered" }]);
    await expect(readStore(known(object.sha256.slice(0, 31)))).rejects.toThrow("31 digits");
  });

  it("passes over what is gone: its listing shows that", async () => {
    const stores = memoryStores();
    const expected = await fill(stores, 5);
    await stores.analytics.remove([keyOf(2)]);
    expect(await readStore({ stores, expected })).toMatchObject({ objects: 5, findings: [], isDone: true });
  });

  it("reads what is expected only as far as needed, and begins no more than it may hold", async () => {
    const stores = memoryStores();
    const small = await fill(stores, 100);
    const large = await Promise.all(
      Array.from({ length: 8 }, (_, index) => put(stores, "quarantine", keyOf(index), plain)),
    );
    const underWay = { analytics: 0, quarantine: 0 };
    const most = { analytics: 0, quarantine: 0 };
    let taken = 0;
    let ended = 0;
    const watched = (view: "analytics" | "quarantine"): Pick<ObjectStore, "digest"> => ({
      async digest(key) {
        most[view] = Math.max(most[view], ++underWay[view]);
        const digest = await stores[view].digest(key);
        await new Promise((resolve) => setImmediate(resolve));
        underWay[view]--;
        ended++;
        return digest;
      },
    });
    function* expected(): Generator<RecordedBytes> {
      // Said to be of 30 MB: two of them are 60, and a third is more than 64 MiB.
      for (const object of [...small, ...large.map((each) => ({ ...each, sizeBytes: 30_000_000 }))]) {
        taken++;
        expect(taken - ended).toBeLessThanOrEqual(34);
        yield object;
      }
    }
    await readStore({
      stores: { raw: stores.raw, analytics: watched("analytics"), quarantine: watched("quarantine") },
      expected: expected(),
    });
    expect(taken).toBe(108);
    expect(most).toEqual({ analytics: 32, quarantine: 2 });
  });
});

describe("readStore, interrupted", () => {
  it("finishes what is under way, and a later run reads exactly the rest", async () => {
    const stores = memoryStores();
    const objects = (await Promise.all(
      views.flatMap((view) =>
        [1, 2, 3, 4, 5].map((number) => put(stores, view, keyOf(number), Buffer.from(`${view} ${number}`))),
      ),
    )) as readonly RecordedBytes[];
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 15 }),
        fc.subarray(objects.map((_, index) => index)),
        async (cut, altered) => {
          const expected = objects.map((object, index) =>
            altered.includes(index) ? { ...object, sha256: sha256Hex("other") } : object,
          );
          const controller = new AbortController();
          function* until(): Generator<RecordedBytes> {
            for (const [index, object] of expected.entries()) {
              if (index === cut) controller.abort();
              yield object;
            }
          }
          const { signal } = controller;
          const first = await readStore({ stores, expected: until(), signal });
          expect(first).toMatchObject({
            objects: cut,
            isDone: cut === 15,
            upTo: positionOf(expected[cut - 1]),
          });
          const second = await readStore({ stores, expected, resumeAfter: first.upTo });
          expect(second).toMatchObject({ objects: 15 - cut, isDone: true });
          expect([...first.findings, ...second.findings]).toEqual(
            altered.map((index) => ({ kind: "altered", ...positionOf(expected[index]) })),
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  it("tells after each object, in their order, what is read up to there", async () => {
    const stores = memoryStores();
    const expected = (await fill(stores, 50)).map((object, index) =>
      index % 10 === 0 ? { ...object, sha256: sha256Hex("other") } : object,
    );
    const { seen } = await collect({ stores, expected });
    expect(seen.map(({ upTo }) => upTo)).toEqual(expected.map(positionOf));
    expect(seen.map(({ objects }) => objects)).toEqual(expected.map((_, index) => index + 1));
    expect(seen.map(({ findings }) => findings.length)).toEqual(
      expected.map((_, index) => Math.floor(index / 10) + 1),
    );
  });
});

describe("readStore, where a store cannot be read", () => {
  it("names a single object that cannot be read, and goes on", async () => {
    const stores = memoryStores();
    const expected = await fill(stores, 30);
    const bad = new Set([3, 4, 5, 29].map((number) => keyOf(number)));
    const result = await readStore({ stores: failing(stores, (key) => bad.has(key)), expected });
    expect(result).toMatchObject({ objects: 30, isDone: true });
    expect(result.findings).toEqual(
      [...bad].map((key) => ({
        kind: "unreadable",
        view: "analytics",
        key,
        message: "the disk reports an error",
      })),
    );
  });

  it("throws when the store stays away, and has told no progress behind its last answer", async () => {
    const stores = memoryStores();
    const expected = await fill(stores, 60);
    const down = failing(stores, (key) => key > keyOf(20));
    const { seen, error } = await collect({ stores: down, expected });
    expect(error).toMatchObject({ exitCode: exitCode.tryAgain });
    expect(seen.at(-1)).toMatchObject({ upTo: positionOf(expected[20]), findings: [] });
    // The store is back: nothing is left out, and nobody is accused.
    const later = await readStore({ stores, expected, resumeAfter: seen.at(-1)?.upTo });
    expect(later).toMatchObject({ objects: 39, findings: [], isDone: true });
  });

  it("accuses nobody when it was ended while the store was away", async () => {
    const stores = memoryStores();
    const objects = await fill(stores, 10);
    const controller = new AbortController();
    function* expected(): Generator<RecordedBytes> {
      for (const object of objects) {
        if (object.key === keyOf(8)) controller.abort();
        yield object;
      }
    }
    const result = await readStore({
      stores: failing(stores, (key) => key > keyOf(4)),
      expected: expected(),
      signal: controller.signal,
    });
    expect(result).toMatchObject({ upTo: positionOf(objects[4]), findings: [], isDone: false });
  });

  it("throws at once when nothing at all can be read, or trying again would not help", async () => {
    const stores = memoryStores();
    const expected = await fill(stores, 3);
    await expect(readStore({ stores: failing(stores, () => true), expected })).rejects.toMatchObject({
      exitCode: exitCode.tryAgain,
    });
    const denied = failing(stores, (key) => key === keyOf(1), exitCode.config);
    await expect(readStore({ stores: denied, expected })).rejects.toMatchObject({
      exitCode: exitCode.config,
    });
  });

  it("throws a folder's own trouble with the words of the store", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "analytics"), { mode: 0o700 });
    const root = join(folder, "analytics");
    const stores: Stores = {
      ...memoryStores(),
      analytics: createFolderStore(root, pathToFileURL(root).href),
    };
    const expected = await fill(stores, 2);
    await rm(root, { recursive: true });
    await writeFile(root, "no folder");
    await expect(readStore({ stores, expected })).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringContaining("ENOTDIR"),
    });
  });
});

function byKey(left: RecordedBytes, right: RecordedBytes): number {
  return left.key < right.key ? -1 : 1;
}

function positionOf(object: RecordedBytes | undefined): ObjectPosition | undefined {
  return object === undefined ? undefined : { view: object.view, key: object.key };
}
