import type { Day } from "../../src/day.ts";
import { dayPrefix, parseKey } from "../../src/partition.ts";
import type { ObjectStore, StoredObject } from "../../src/store/object-store.ts";
import type { DayObject } from "../batches.ts";
import type { QueryView } from "../view-schema.ts";
import { mapInParallel } from "./map-in-parallel.ts";

export interface Listing {
  /** Ascending by key, so by day. */
  readonly objects: readonly DayObject[];
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
  const unrecognised: string[] = [];
  for (const { key, sizeBytes } of listed) {
    const name = parseKey(key);
    if (name === undefined || (name.isSealed && view === "analytics")) unrecognised.push(key);
    else objects.push({ key, day: name.day, sizeBytes });
  }
  return { objects, unrecognised };
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
