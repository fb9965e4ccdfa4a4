import type { ObjectStore, StoredObject } from "../../src/store/object-store.ts";
import { type View, views } from "../../src/view.ts";

/** Everything that lies in each view. Throws what the store throws: a plan from half a listing is none. */
export async function listViews(
  stores: Readonly<Record<View, Pick<ObjectStore, "list">>>,
): Promise<Readonly<Record<View, readonly StoredObject[]>>> {
  const listings: Record<View, StoredObject[]> = { raw: [], analytics: [], quarantine: [] };
  for (const view of views) {
    for await (const object of stores[view].list("")) listings[view].push(object);
  }
  return listings;
}
