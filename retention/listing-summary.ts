import type { PurgeGroup } from "../src/ledger/retention-record.ts";
import { parseKey } from "../src/partition.ts";
import type { StoredObject } from "../src/store/object-store.ts";
import type { View } from "../src/view.ts";
import { groupName } from "./group-name.ts";

/** A group of which something lies in the store. */
export interface ListedGroup extends PurgeGroup {
  readonly objects: number;
  /** Of all that is listed and hidden. */
  readonly sizeBytes: number;
}

export interface UnrecognisedObject {
  readonly view: View;
  readonly key: string;
  readonly sizeBytes: number;
}

/** What a listing of millions of objects comes to, in the memory that its groups need. */
export interface ListingSummary {
  take(view: View, object: Pick<StoredObject, "key" | "sizeBytes">): void;
  /** A copy of an object that no listing shows: its bytes count, and it is no object of its own unless it stands alone. */
  takeHidden(view: View, object: Pick<StoredObject, "key" | "sizeBytes">): void;
  /** The longest past first. */
  groups(): readonly ListedGroup[];
  /** Objects that hostlog does not write: reported, never deleted. */
  readonly unrecognised: readonly UnrecognisedObject[];
}

export function createListingSummary(): ListingSummary {
  const groups = new Map<string, { -readonly [Key in keyof ListedGroup]: ListedGroup[Key] }>();
  const unrecognised: UnrecognisedObject[] = [];
  const take = (
    view: View,
    { key, sizeBytes }: Pick<StoredObject, "key" | "sizeBytes">,
    objects: number,
  ): void => {
    const name = parseKey(key);
    if (name === undefined) {
      unrecognised.push({ view, key, sizeBytes });
      return;
    }
    const group = { view, day: name.day, retentionClass: name.retentionClass };
    const known = groups.get(groupName(group));
    if (known === undefined) {
      groups.set(groupName(group), { ...group, objects, sizeBytes });
      return;
    }
    known.objects += objects;
    known.sizeBytes += sizeBytes;
  };
  return {
    take: (view, object) => take(view, object, 1),
    takeHidden: (view, object) => take(view, object, 0),
    groups: () => [...groups.values()].sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1)),
    unrecognised,
  };
}

function orderOf({ view, day, retentionClass }: PurgeGroup): string {
  return `${day} ${view} ${retentionClass}`;
}
