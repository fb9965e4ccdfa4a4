import { describe, expect, it } from "vitest";
import { listViews } from "../../retention/io/list-views.ts";
import type { HiddenObject, ObjectStore } from "../../src/store/object-store.ts";
import { createMemoryStore } from "../support/memory-store.ts";

const nothing = createMemoryStore("memory:nothing");

async function storeOf(keys: readonly string[], hidden: readonly HiddenObject[]): Promise<ObjectStore> {
  const store = createMemoryStore("memory:raw");
  for (const key of keys) await store.create(key, new Uint8Array(100));
  return {
    ...store,
    async *listHidden() {
      yield* hidden;
    },
  };
}

function rawOf(raw: ObjectStore) {
  return listViews({ raw, analytics: nothing, quarantine: nothing }).then((listings) => listings.raw);
}

describe("listViews", () => {
  it("lists each view as its store does", async () => {
    const raw = await storeOf(["b", "a"], []);
    expect(await listViews({ raw, analytics: nothing, quarantine: raw })).toEqual({
      raw: [
        { key: "a", sizeBytes: 100 },
        { key: "b", sizeBytes: 100 },
      ],
      analytics: [],
      quarantine: [
        { key: "a", sizeBytes: 100 },
        { key: "b", sizeBytes: 100 },
      ],
    });
  });

  it("names each key once, also one of which only hidden things are left, with the size of all", async () => {
    const raw = await storeOf(
      ["b", "d"],
      [
        { key: "d", kind: "version", sizeBytes: 7 },
        { key: "a", kind: "delete-marker", sizeBytes: 0 },
        { key: "a", kind: "version", sizeBytes: 20 },
        { key: "d", kind: "version", sizeBytes: 8 },
        { key: "c", kind: "upload", sizeBytes: 0 },
      ],
    );
    expect(await rawOf(raw)).toEqual([
      { key: "a", sizeBytes: 20 },
      { key: "b", sizeBytes: 100 },
      { key: "c", sizeBytes: 0 },
      { key: "d", sizeBytes: 115 },
    ]);
  });

  it("throws when hidden things cannot be looked for: a plan from half a listing is none", async () => {
    const raw: ObjectStore = {
      ...nothing,
      listHidden: () => {
        throw new Error("denied");
      },
    };
    await expect(rawOf(raw)).rejects.toThrow("denied");
  });
});
