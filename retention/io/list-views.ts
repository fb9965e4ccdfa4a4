import type { ObjectStore, StoredObject } from "../../src/store/object-store.ts";
import { type View, views } from "../../src/view.ts";

/**
 * Everything that lies in each view, each key once and in order: what is listed, and what is hidden of it or of
 * an object that nobody sees any more. The size is that of all of it. Throws what the store throws: a plan
 * from half a listing is none.
 */
export async function listViews(
  stores: Readonly<Record<View, Pick<ObjectStore, "list" | "listHidden">>>,
): Promise<Readonly<Record<View, readonly StoredObject[]>>> {
  const listings: Record<View, readonly StoredObject[]> = { raw: [], analytics: [], quarantine: [] };
  for (const view of views) listings[view] = await listView(stores[view]);
  return listings;
}

async function listView(store: Pick<ObjectStore, "list" | "listHidden">): Promise<readonly StoredObject[]> {
  const listed: StoredObject[] = [];
  for await (const object of store.list("")) listed.push(object);
  const hiddenBytes = new Map<string, number>();
  for await (const { key, sizeBytes } of store.listHidden("")) {
    hiddenBytes.set(key, (hiddenBytes.get(key) ?? 0) + sizeBytes);
  }
  return hiddenBytes.size === 0 ? listed : merge(listed, hiddenBytes);
}

function merge(
  listed: readonly StoredObject[],
  hiddenBytes: ReadonlyMap<string, number>,
): readonly StoredObject[] {
  const unseen = new Map(hiddenBytes);
  const objects = listed.map(({ key, sizeBytes }) => {
    unseen.delete(key);
    return { key, sizeBytes: sizeBytes + (hiddenBytes.get(key) ?? 0) };
  });
  for (const [key, sizeBytes] of unseen) objects.push({ key, sizeBytes });
  return objects.sort((a, b) => (a.key < b.key ? -1 : 1));
}
