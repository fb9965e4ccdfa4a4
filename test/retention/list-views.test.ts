import { describe, expect, it } from "vitest";
import { listViews } from "../../retention/io/list-views.ts";
import type { HiddenObject, ObjectStore } from "../../src/store/object-store.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { keyOf } from "../support/purge-objects.ts";

const nothing = createMemoryStore("memory:nothing");
const first = keyOf("raw", "2026-11-21", "standard", 1);
const second = keyOf("raw", "2026-11-21", "standard", 2);

async function storeOf(keys: readonly string[], hidden: readonly HiddenObject[] = []): Promise<ObjectStore> {
  const store = createMemoryStore("memory:raw");
  for (const key of keys) await store.create(key, new Uint8Array(100));
  return {
    ...store,
    async *listHidden() {
      yield* hidden;
    },
  };
}

describe("listViews", () => {
  it("sums up each view by day and class, and names what is none of hostlog's", async () => {
    const raw = await storeOf([first, second, "notes.txt"]);
    const quarantine = await storeOf([keyOf("quarantine", "2026-11-20")]);
    expect(await listViews({ raw, analytics: nothing, quarantine })).toEqual({
      groups: [
        { view: "raw", day: "2026-11-21", retentionClass: "standard", objects: 2, sizeBytes: 200 },
        { view: "quarantine", day: "2026-11-20", retentionClass: "standard", objects: 1, sizeBytes: 100 },
      ],
      unrecognised: [{ view: "raw", key: "notes.txt", sizeBytes: 100 }],
      unlisted: [],
    });
  });

  it("takes in what is hidden, of objects that nobody sees any more too", async () => {
    const raw = await storeOf(
      [first],
      [
        { key: first, kind: "version", sizeBytes: 7 },
        { key: keyOf("raw", "2026-11-19"), kind: "delete-marker", sizeBytes: 0 },
      ],
    );
    const { groups } = await listViews({ raw, analytics: nothing, quarantine: nothing });
    expect(groups).toMatchObject([
      { day: "2026-11-19", sizeBytes: 0 },
      { day: "2026-11-21", sizeBytes: 107 },
    ]);
  });

  it("names what has a name that is no key", async () => {
    const raw: ObjectStore = {
      ...nothing,
      async *list(_prefix, options) {
        options?.onForeign?.("a file of somebody's");
        yield* [];
      },
    };
    const { unrecognised } = await listViews({ raw, analytics: nothing, quarantine: nothing });
    expect(unrecognised).toEqual([{ view: "raw", key: "a file of somebody's", sizeBytes: 0 }]);
  });

  it("returns nothing of a view of which it has half a listing, and the others whole", async () => {
    const error = new Error("denied");
    const raw: ObjectStore = {
      ...(await storeOf([first])),
      listHidden: () => {
        throw error;
      },
    };
    const analytics = await storeOf([keyOf("analytics", "2026-11-20")]);
    const listed = await listViews({ raw, analytics, quarantine: nothing });
    expect(listed.groups).toMatchObject([{ view: "analytics" }]);
    expect(listed.unlisted).toEqual([{ view: "raw", error }]);
  });
});
