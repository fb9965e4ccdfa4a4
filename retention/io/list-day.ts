import type { Day } from "../../src/day.ts";
import { dayPrefix, parseKey } from "../../src/partition.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";

/** All that a store holds under one key. */
export interface ListedThing {
  readonly key: string;
  readonly retentionClass: string;
  /** Of the object and of what is hidden behind it. */
  readonly sizeBytes: number;
  /** Older versions, delete markers and unfinished uploads. */
  readonly versions: number;
  readonly deleteMarkers: number;
  readonly uploads: number;
}

type Growing = { -readonly [Field in keyof ListedThing]: ListedThing[Field] };

/** What lies under the names of a day, hidden things included, by key in ascending order. Foreign names are left out. */
export async function listDay(
  store: Pick<ObjectStore, "list" | "listHidden">,
  day: Day,
): Promise<ReadonlyMap<string, ListedThing>> {
  const things = new Map<string, Growing>();
  const thingAt = (key: string): Growing | undefined => {
    const known = things.get(key);
    if (known !== undefined) return known;
    const retentionClass = parseKey(key)?.retentionClass;
    if (retentionClass === undefined) return undefined;
    const thing = { key, retentionClass, sizeBytes: 0, versions: 0, deleteMarkers: 0, uploads: 0 };
    things.set(key, thing);
    return thing;
  };
  for await (const { key, sizeBytes } of store.list(dayPrefix(day))) {
    const thing = thingAt(key);
    if (thing !== undefined) thing.sizeBytes += sizeBytes;
  }
  for await (const { key, kind, sizeBytes } of store.listHidden(dayPrefix(day))) {
    const thing = thingAt(key);
    if (thing === undefined) continue;
    thing.sizeBytes += sizeBytes;
    if (kind === "version") thing.versions++;
    else if (kind === "delete-marker") thing.deleteMarkers++;
    else thing.uploads++;
  }
  return new Map([...things].sort(([a], [b]) => (a < b ? -1 : 1)));
}
