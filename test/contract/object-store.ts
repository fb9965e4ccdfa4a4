import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ObjectNotFoundError, type ObjectStore } from "../../src/store/object-store.ts";
import { listHidden } from "../support/list-hidden.ts";
import { listKeys } from "../support/list-keys.ts";
import { describeDigest } from "./object-digest.ts";

/** An empty store of its own for one test. */
export interface StoreFixture {
  readonly store: ObjectStore;
  dispose(): Promise<void>;
}

interface ContractOptions {
  /** How many random histories are tried. Fewer for a store that is far away. */
  readonly histories?: number;
  /**
   * False for a server that lets several creations of one key win when they race, as Ceph does in a bucket
   * that keeps versions. Such a place must not be used: `probeCreation` refuses it.
   */
  readonly isCreateAtomic?: boolean;
}

const everyByte = Uint8Array.from({ length: 256 }, (_, value) => value);
const mebibyte = Uint8Array.from({ length: 1_048_576 }, (_, index) => (index * 31 + (index >> 8)) & 0xff);

/** No key among them is the folder of another, which a folder cannot hold. */
const trickyKeys = [
  ["a", "a-b", "a.b", "a=b", "a_b", "a0", "A", "Z/a", "b/a"],
  ["a-b", "a-c/c", "a.b", "a/b", "a/b-c", "a/c/d", "a/c-d", "a/c.d/e", "a/c=d", "a0", "a=1/x"],
  ["x.partial", ".partial/x", "...", "-", "=", "_", "deep/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o"],
];

/** An implementation of ObjectStore is done when this passes. */
export function describeObjectStore(
  name: string,
  openFixture: () => Promise<StoreFixture>,
  { histories = 30, isCreateAtomic = true }: ContractOptions = {},
): void {
  describe(`${name} keeps the object-store contract`, () => {
    let fixture: StoreFixture;
    let store: ObjectStore;

    beforeEach(async () => {
      fixture = await openFixture();
      ({ store } = fixture);
    });
    afterEach(() => fixture.dispose());

    describe("create and read", () => {
      it.each([
        ["an empty body", new Uint8Array(0)],
        ["a single byte", Uint8Array.of(0)],
        ["every value of a byte", everyByte],
        ["a mebibyte", mebibyte],
      ])("return exactly the bytes of %s", async (_, body) => {
        expect(await store.create("dt=2026-11-22/x.parquet", body)).toBe("created");
        expect(Buffer.from(await store.read("dt=2026-11-22/x.parquet")).equals(body)).toBe(true);
      });

      it("take a view into a larger buffer for the bytes it shows", async () => {
        await store.create("a", everyByte.subarray(10, 20));
        expect([...(await store.read("a"))]).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
      });

      it("keep the object as it is when callers change their bytes afterwards", async () => {
        const body = Uint8Array.of(1, 2, 3);
        await store.create("a", body);
        body.fill(0);
        (await store.read("a")).fill(0);
        expect([...(await store.read("a"))]).toEqual([1, 2, 3]);
      });

      it("never replace, and say that something is there", async () => {
        await store.create("a/b", Uint8Array.of(1));
        expect(await store.create("a/b", Uint8Array.of(2, 2))).toBe("exists");
        expect(await store.create("a/b", Uint8Array.of(1))).toBe("exists");
        expect([...(await store.read("a/b"))]).toEqual([1]);
      });

      it(`let ${isCreateAtomic ? "exactly" : "at least"} one of many callers at once create, and keep the bytes of a winner`, async () => {
        for (const key of ["race/1", "race/2", "race/3"]) {
          const bodies = Array.from({ length: 16 }, (_, index) => new Uint8Array(5000).fill(index));
          const outcomes = await Promise.all(bodies.map((body) => store.create(key, body)));
          const winners = bodies.filter((_, index) => outcomes[index] === "created");
          if (isCreateAtomic) expect(winners).toHaveLength(1);
          const kept = Buffer.from(await store.read(key));
          expect(winners.some((winner) => kept.equals(winner))).toBe(true);
          expect(await store.create(key, everyByte)).toBe("exists");
        }
      });

      it("show readers the whole object or none of it while it is being created", async () => {
        const done = new AbortController();
        const creating = store.create("a", mebibyte).finally(() => done.abort());
        while (!done.signal.aborted) {
          const seen = await store.read("a").catch((error: unknown) => error);
          if (!(seen instanceof ObjectNotFoundError)) expect(seen).toHaveLength(mebibyte.length);
          for await (const { sizeBytes } of store.list("")) expect(sizeBytes).toBe(mebibyte.length);
        }
        expect(await creating).toBe("created");
      });

      it("let a key be created again once it was removed", async () => {
        await store.create("a/b", Uint8Array.of(1));
        await store.remove(["a/b"]);
        expect(await store.create("a/b", Uint8Array.of(2))).toBe("created");
        expect([...(await store.read("a/b"))]).toEqual([2]);
      });
    });

    describe("read of a range", () => {
      it.each([
        [0, 1],
        [0, 256],
        [5, 9],
        [255, 256],
        [7, 7],
        [256, 256],
      ])("returns the bytes from %i up to, not including, %i", async (start, end) => {
        await store.create("a", everyByte);
        expect(Uint8Array.from(await store.read("a", { start, end }))).toEqual(everyByte.slice(start, end));
      });

      it.each([
        [0, 257],
        [256, 257],
        [300, 301],
        [257, 257],
        [9, 5],
        [-1, 3],
        [0.5, 3],
      ])("throws when not all bytes from %d to %d exist", async (start, end) => {
        await store.create("a", everyByte);
        await expect(store.read("a", { start, end })).rejects.toThrow(RangeError);
      });

      it("throws for a byte of an empty object, but not for none", async () => {
        await store.create("a", new Uint8Array(0));
        await expect(store.read("a", { start: 0, end: 1 })).rejects.toThrow(RangeError);
        expect(await store.read("a", { start: 0, end: 0 })).toHaveLength(0);
      });
    });

    describe("an object that does not exist", () => {
      const absent: readonly [string, () => Promise<unknown>][] = [
        ["read", () => store.read("a/missing")],
        ["read of a range", () => store.read("a/missing", { start: 0, end: 1 })],
        ["read of an empty range", () => store.read("a/missing", { start: 0, end: 0 })],
        ["asFile", () => store.asFile("a/missing", tmpdir())],
      ];

      it.each(absent)("is said not to exist by %s", async (_, look) => {
        await store.create("a/other", everyByte);
        const error: unknown = await look().catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(ObjectNotFoundError);
        expect(error).toMatchObject({ key: "a/missing" });
      });

      it("is what a part of a key and a key with more to it are", async () => {
        await store.create("a/b", everyByte);
        await expect(store.read("a")).rejects.toThrow(ObjectNotFoundError);
        await expect(store.read("a/b/c")).rejects.toThrow(ObjectNotFoundError);
        await expect(store.read("a/")).rejects.toThrow(RangeError);
      });
    });

    describe("list", () => {
      it.each(trickyKeys.map((keys) => [keys]))("yields %j in ascending order of bytes", async (keys) => {
        await Promise.all(keys.map((key) => store.create(key, Buffer.from(key))));
        const inOrder = keys.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
        expect(await listKeys(store)).toEqual(inOrder);
        for (const startAfter of [...keys, "a", "a/", "a/c", "a/c/zz", "a~", "", "~"]) {
          expect(await listKeys(store, "", startAfter)).toEqual(inOrder.filter((key) => key > startAfter));
        }
        for (const prefix of [
          ...keys,
          "a",
          "a/",
          "a/c",
          "a/c/",
          "a/c/zz",
          "~",
          ".",
          "../",
          "/",
          "dee",
          "deep/a/b/",
        ]) {
          expect(await listKeys(store, prefix)).toEqual(inOrder.filter((key) => key.startsWith(prefix)));
        }
        expect(await listKeys(store, "a/", "a/c")).toEqual(
          inOrder.filter((key) => key.startsWith("a/") && key > "a/c"),
        );
      });

      it("yields nothing from an empty store", async () => {
        expect(await listKeys(store)).toEqual([]);
        expect(await listKeys(store, "dt=2026-11-22/", "dt=2026-11-22/x")).toEqual([]);
      });

      it("says each object's size", async () => {
        await store.create("a", everyByte);
        await store.create("b/c", new Uint8Array(0));
        const listed = [];
        for await (const object of store.list("")) listed.push(object);
        expect(listed).toMatchObject([
          { key: "a", sizeBytes: 256 },
          { key: "b/c", sizeBytes: 0 },
        ]);
      });

      it("says when each was put there and what its MD5 is, or says nothing of it", async () => {
        const beforeMs = Date.now();
        await store.create("a", everyByte);
        for await (const { modifiedMs, md5 } of store.list("")) {
          // Servers round to seconds, and their clock is not this one.
          if (modifiedMs !== undefined) expect(Math.abs(modifiedMs - beforeMs)).toBeLessThan(5 * 60_000);
          if (md5 !== undefined) expect(md5).toBe(createHash("md5").update(everyByte).digest("hex"));
        }
      });

      it("tells its clock, if it has one", async () => {
        const clockMs = await store.clockMs();
        if (clockMs !== undefined) expect(Math.abs(clockMs - Date.now())).toBeLessThan(5 * 60_000);
      });

      it("yields an object as soon as it is created, and no longer once it is removed", async () => {
        for (const key of ["dt=2026-11-22/a", "dt=2026-11-22/b", "dt=2026-11-23/a"]) {
          await store.create(key, everyByte);
          expect(await listKeys(store)).toContain(key);
        }
        await store.remove(["dt=2026-11-22/b"]);
        expect(await listKeys(store)).toEqual(["dt=2026-11-22/a", "dt=2026-11-23/a"]);
      });

      it("yields 1,200 objects over several folders, each once, from any place on", async () => {
        const keys = Array.from(
          { length: 1200 },
          (_, index) => `dt=2026-11-${10 + (index % 7)}/${index}.parquet`,
        );
        for (let first = 0; first < keys.length; first += 50) {
          await Promise.all(keys.slice(first, first + 50).map((key) => store.create(key, Uint8Array.of(1))));
        }
        const inOrder = keys.toSorted();
        expect(await listKeys(store)).toEqual(inOrder);
        expect(await listKeys(store, "", inOrder[700])).toEqual(inOrder.slice(701));
        expect(await store.remove(keys)).toEqual([]);
        expect(await listKeys(store)).toEqual([]);
      });

      it("can be left half way", async () => {
        await Promise.all(["a", "b", "c"].map((key) => store.create(key, everyByte)));
        for await (const { key } of store.list("")) {
          expect(key).toBe("a");
          break;
        }
      });
    });

    describe("remove", () => {
      it("removes the objects that are named and no others", async () => {
        await Promise.all(["a/b", "a/bc", "a/c", "d"].map((key) => store.create(key, everyByte)));
        expect(await store.remove(["a/b", "d"])).toEqual([]);
        expect(await listKeys(store)).toEqual(["a/bc", "a/c"]);
        await expect(store.read("a/b")).rejects.toThrow(ObjectNotFoundError);
      });

      it("counts an object that is already gone as removed", async () => {
        await store.create("a/b", everyByte);
        expect(await store.remove(["a/b"])).toEqual([]);
        await store.create("a/c", everyByte);
        expect(await store.remove(["a/b", "never/there", "a/b/c", "a/c/d"])).toEqual([]);
        expect(await listKeys(store)).toEqual(["a/c"]);
      });

      it("leaves nothing hidden of what it removed, however often that was created", async () => {
        for (let time = 0; time < 3; time++) {
          await Promise.all(["a/b", "a/c", "d"].map((key) => store.create(key, everyByte)));
          expect(await store.remove(["a/b", "d"])).toEqual([]);
        }
        expect(await listKeys(store)).toEqual(["a/c"]);
        expect(await listHidden(store)).toEqual([]);
      });

      it("takes a key that is named twice, and no key at all", async () => {
        await store.create("a", everyByte);
        expect(await store.remove(["a", "a"])).toEqual([]);
        expect(await store.remove([])).toEqual([]);
      });
    });

    describe("a key that no store may hold", () => {
      const badKeys = [
        "",
        "/x",
        "x/",
        "a//b",
        "../x",
        "a/../b",
        "..",
        ".",
        "a/./b",
        "a\0b",
        "a b",
        "é",
        "a\\b",
        "a~b",
      ];

      it.each(badKeys)("is refused: %j", async (key) => {
        await expect(store.create(key, everyByte)).rejects.toThrow(RangeError);
        await expect(store.read(key)).rejects.toThrow(RangeError);
        await expect(store.asFile(key, tmpdir())).rejects.toThrow(RangeError);
        await expect(store.digest(key)).rejects.toThrow(RangeError);
        await expect(store.remove([key])).rejects.toThrow(RangeError);
      });

      it("keeps remove from removing anything", async () => {
        await store.create("a", everyByte);
        await expect(store.remove(["a", "../a"])).rejects.toThrow(RangeError);
        expect(await listKeys(store)).toEqual(["a"]);
      });
    });

    describeDigest(() => store);

    describe("asFile", () => {
      let directory: string;

      beforeEach(async () => {
        directory = await mkdtemp(join(tmpdir(), "hostlog-as-file-"));
      });
      afterEach(() => rm(directory, { recursive: true }));

      it("gives a file that holds the object's bytes, also when asked again", async () => {
        await store.create("dt=2026-11-22/x.parquet", mebibyte);
        await store.create("dt=2026-11-22/empty.parquet", new Uint8Array(0));
        for (let time = 0; time < 2; time++) {
          const path = await store.asFile("dt=2026-11-22/x.parquet", directory);
          expect((await readFile(path)).equals(mebibyte)).toBe(true);
        }
        const empty = await store.asFile("dt=2026-11-22/empty.parquet", directory);
        expect(await readFile(empty)).toHaveLength(0);
      });

      it("gives objects of one name in two folders two files", async () => {
        await store.create("x/same", Uint8Array.of(1));
        await store.create("y/same", Uint8Array.of(2));
        const paths = [await store.asFile("x/same", directory), await store.asFile("y/same", directory)];
        expect(await Promise.all(paths.map(async (path) => [...(await readFile(path))]))).toEqual([[1], [2]]);
      });

      it("leaves nothing in the folder for an object that does not exist", async () => {
        await expect(store.asFile("missing", directory)).rejects.toThrow(ObjectNotFoundError);
        expect(await readdir(directory)).toEqual([]);
      });
    });

    it("names its root by a URL that holds no credentials", () => {
      expect(store.url).toMatch(/^[a-z0-9]+:[^@?]*$/);
    });

    it("agrees with a Map after any history of create, read, list and remove", async () => {
      const key = fc.constantFrom("a-b", "a.b", "a/b", "a/b-c", "a/c/d", "a/c-d", "a0", "z");
      const action = fc.oneof(
        fc.record({ kind: fc.constant("create" as const), key, body: fc.uint8Array({ maxLength: 40 }) }),
        fc.record({ kind: fc.constant("read" as const), key }),
        fc.record({
          kind: fc.constant("list" as const),
          prefix: fc.constantFrom("", "a", "a/", "a/c"),
          startAfter: key,
        }),
        fc.record({ kind: fc.constant("remove" as const), keys: fc.array(key, { maxLength: 4 }) }),
      );
      const history = fc.asyncProperty(fc.array(action, { maxLength: 25 }), async (actions) => {
        await store.remove(await listKeys(store));
        const model = new Map<string, Uint8Array>();
        for (const step of actions) {
          switch (step.kind) {
            case "create": {
              expect(await store.create(step.key, step.body)).toBe(
                model.has(step.key) ? "exists" : "created",
              );
              if (!model.has(step.key)) model.set(step.key, step.body);
              break;
            }
            case "read": {
              const seen = await store.read(step.key).catch(() => undefined);
              expect(seen && [...seen]).toEqual(
                model.has(step.key) ? [...(model.get(step.key) ?? [])] : undefined,
              );
              break;
            }
            case "list": {
              const { prefix, startAfter } = step;
              const expected = [...model.keys()].filter(
                (each) => each.startsWith(prefix) && each > startAfter,
              );
              expect(await listKeys(store, prefix, startAfter)).toEqual(expected.toSorted());
              break;
            }
            case "remove": {
              expect(await store.remove(step.keys)).toEqual([]);
              for (const each of step.keys) model.delete(each);
              break;
            }
          }
        }
      });
      await fc.assert(history, { numRuns: histories });
    });
  });
}

export interface RefusingFixture extends StoreFixture {
  /** From now on the object under this key cannot be removed. */
  refuseRemoval(key: string): Promise<void>;
}

/** The part of the contract for stores that can be made to refuse. */
export function describeRemoveFailures(name: string, openFixture: () => Promise<RefusingFixture>): void {
  describe(`${name}, when objects cannot be removed`, () => {
    it("returns one failure for each of them, and removes the others", async () => {
      const { store, refuseRemoval, dispose } = await openFixture();
      try {
        for (const key of ["a/1", "a/2", "a/3", "b/1"]) await store.create(key, everyByte);
        await refuseRemoval("a/2");
        await refuseRemoval("b/1");
        const failures = await store.remove(["a/1", "a/2", "a/3", "b/1", "gone"]);
        expect(failures.map(({ key }) => key)).toEqual(["a/2", "b/1"]);
        for (const { message } of failures) expect(message).toMatch(/\w{3}/);
        const left = await listKeys(store);
        expect(left).not.toContain("a/1");
        expect(left).not.toContain("a/3");
      } finally {
        await dispose();
      }
    });
  });
}
