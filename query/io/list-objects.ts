import type { Day } from "../../src/day.ts";
import { dayPrefix, HOLD_CLASS_PREFIX, isHoldName, parseKey } from "../../src/partition.ts";
import type { ObjectStore, StoredObject } from "../../src/store/object-store.ts";
import type { DayObject } from "../batches.ts";
import type { QueryView } from "../view-schema.ts";
import { mapInParallel } from "./map-in-parallel.ts";

export interface Listing {
  /** Ascending by key, so by day. Without copies for holds, whose rows would be there twice. */
  readonly objects: readonly DayObject[];
  /** The copies for a hold, by its id; ascending by key. */
  copiesFor(hold: string): readonly DayObject[];
  readonly unrecognised: readonly string[];
}

/** Beyond this many days one listing of the whole range costs fewer requests than one for each day. */
const DAYS_LISTED_APART_MAX = 60;

const LISTINGS_AT_ONCE = 8;

/** Lists the objects of consecutive days and nothing else. In analytics nothing that we make is sealed. */
export async function listObjects(
  store: Pick<ObjectStore, "list">,
  view: QueryView,
  days: readonly Day[],
  signal: AbortSignal,
): Promise<Listing> {
  const listed =
    days.length > DAYS_LISTED_APART_MAX
      ? await listRange(store, days, signal)
      : (await mapInParallel(days, LISTINGS_AT_ONCE, (day) => listDay(store, day, signal))).flat();
  const objects: DayObject[] = [];
  const copies = new Map<string, DayObject[]>();
  const unrecognised: string[] = [];
  for (const { key, sizeBytes } of listed) {
    const name = parseKey(key);
    if (name === undefined || (name.isSealed && view === "analytics")) unrecognised.push(key);
    else if (isHoldName(name)) {
      const hold = name.retentionClass.slice(HOLD_CLASS_PREFIX.length);
      const ofHold = copies.get(hold) ?? [];
      copies.set(hold, ofHold);
      ofHold.push({ key, day: name.day, sizeBytes });
    } else objects.push({ key, day: name.day, sizeBytes });
  }
  return { objects, copiesFor: (hold) => copies.get(hold) ?? [], unrecognised };
}

async function listDay(
  store: Pick<ObjectStore, "list">,
  day: Day,
  signal: AbortSignal,
): Promise<readonly StoredObject[]> {
  const objects: StoredObject[] = [];
  for await (const object of store.list(dayPrefix(day))) {
    signal.throwIfAborted();
    objects.push(object);
  }
  return objects;
}

async function listRange(
  store: Pick<ObjectStore, "list">,
  days: readonly Day[],
  signal: AbortSignal,
): Promise<readonly StoredObject[]> {
  const [first] = days;
  const last = days.at(-1);
  if (first === undefined || last === undefined) return [];
  const lastPrefix = dayPrefix(last);
  const objects: StoredObject[] = [];
  for await (const object of store.list("dt=", { startAfter: dayPrefix(first) })) {
    signal.throwIfAborted();
    // Keys of one day begin alike, and those of later days are greater than each of them.
    if (object.key > lastPrefix && !object.key.startsWith(lastPrefix)) break;
    objects.push(object);
  }
  return objects;
}
