import type { ObjectStore } from "../../src/store/object-store.ts";
import { type View, views } from "../../src/view.ts";
import {
  createListingSummary,
  type ListedGroup,
  type ListingSummary,
  type UnrecognisedObject,
} from "../listing-summary.ts";

export interface ListedViews {
  readonly groups: readonly ListedGroup[];
  readonly unrecognised: readonly UnrecognisedObject[];
  /** Views that could not be listed to the end: nothing of them stands above. */
  readonly unlisted: readonly UnlistedView[];
}

export interface UnlistedView {
  readonly view: View;
  /** What the store threw. */
  readonly error: unknown;
}

/**
 * Sums up what lies in each view: what is listed, and what is hidden of it or of an object that nobody sees any more, each
 * of which counts as an object. Trouble with one view does not spare the others; of half a listing nothing is returned.
 */
export async function listViews(
  stores: Readonly<Record<View, Pick<ObjectStore, "list" | "listHidden">>>,
): Promise<ListedViews> {
  const listed: ListingSummary[] = [];
  const unlisted: UnlistedView[] = [];
  for (const view of views) {
    try {
      listed.push(await listView(view, stores[view]));
    } catch (error) {
      unlisted.push({ view, error });
    }
  }
  return {
    groups: listed.flatMap((listing) => listing.groups()),
    unrecognised: listed.flatMap(({ unrecognised }) => unrecognised),
    unlisted,
  };
}

async function listView(
  view: View,
  store: Pick<ObjectStore, "list" | "listHidden">,
): Promise<ListingSummary> {
  const listing = createListingSummary();
  const onForeign = (name: string): void => listing.take(view, { key: name, sizeBytes: 0 });
  for await (const object of store.list("", { onForeign })) listing.take(view, object);
  for await (const object of store.listHidden("")) listing.take(view, object);
  return listing;
}
