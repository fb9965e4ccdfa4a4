import { readFile } from "node:fs/promises";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { DayObject } from "../../../query/batches.ts";
import { fetchObjects } from "../../../query/io/fetch-objects.ts";
import { parseDay } from "../../../src/day.ts";
import { createMemoryStore } from "../../support/memory-store.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const day = parseDay("2026-11-22");
if (day === undefined) throw new Error("a day");

const MIB = 1024 * 1024;

/** Objects of the sizes that the listing says; what is fetched of them is their key. */
async function storeOf(sizes: readonly number[]) {
  const store = createMemoryStore("memory:raw");
  const objects: DayObject[] = [];
  for (const [index, sizeBytes] of sizes.entries()) {
    const key = `dt=2026-11-22/${index}`;
    await store.create(key, Buffer.from(key));
    objects.push({ key, day: day as DayObject["day"], sizeBytes });
  }
  const most = { objects: 0, largeObjects: 0 };
  const current = { objects: 0, largeObjects: 0 };
  const asFile = async (key: string, directory: string): Promise<string> => {
    const large = (objects.find((object) => object.key === key)?.sizeBytes ?? 0) > 16 * MIB ? 1 : 0;
    current.objects++;
    current.largeObjects += large;
    most.objects = Math.max(most.objects, current.objects);
    most.largeObjects = Math.max(most.largeObjects, current.largeObjects);
    await turn();
    const path = await store.asFile(key, directory);
    current.objects--;
    current.largeObjects -= large;
    return path;
  };
  return { store, objects, asFile, most };
}

describe("fetchObjects", () => {
  const signal = new AbortController().signal;

  it("returns the files in the objects' order, and marks those that are gone", async () => {
    const { store, objects, asFile } = await storeOf([1, 20 * MIB, 2, 30 * MIB, 3]);
    await store.remove(["dt=2026-11-22/2", "dt=2026-11-22/3"]);
    const fetched = await fetchObjects({ asFile }, objects, await temporaryFolder(), signal);
    expect(fetched.map(({ object }) => object)).toEqual(objects);
    const texts = fetched.map(async ({ path }) => (path === undefined ? "gone" : readFile(path, "utf8")));
    expect(await Promise.all(texts)).toEqual([
      "dt=2026-11-22/0",
      "dt=2026-11-22/1",
      "gone",
      "gone",
      "dt=2026-11-22/4",
    ]);
  });

  it("fetches eight small objects at once, and of those that need more memory two", async () => {
    const sizes = Array.from({ length: 60 }, (_, index) => (index % 3 === 0 ? 100 * MIB : MIB));
    const { objects, asFile, most } = await storeOf(sizes);
    await fetchObjects({ asFile }, objects, await temporaryFolder(), signal);
    expect(most).toEqual({ objects: 8, largeObjects: 2 });
  });

  it("fetches no more once it is told to stop", async () => {
    const { objects, asFile } = await storeOf([1, 2]);
    const stopped = AbortSignal.abort(new Error("stopped"));
    await expect(fetchObjects({ asFile }, objects, await temporaryFolder(), stopped)).rejects.toThrow(
      "stopped",
    );
  });
});
