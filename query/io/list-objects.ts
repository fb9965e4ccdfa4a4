import type { Day } from "../../src/day.ts";
import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";
import { dayPrefix, parseKey } from "../../src/partition.ts";
import type { ObjectStore, StoredObject } from "../../src/store/object-store.ts";
import type { DayObject } from "../batches.ts";
import { mapInParallel } from "./map-in-parallel.ts";

export interface Listing {
  /** Ascending by key, so by day. */
  readonly objects: readonly DayObject[];
  readonly unrecognised: readonly string[];
}

/** Beyond this many days one listing of the whole range costs fewer requests than one for each day. */
const DAYS_LISTED_APART_MAX = 60;

const LISTINGS_AT_ONCE = 8;

/**
 * Lists the objects of consecutive days and nothing else. Throws UserError where an object is sealed: an
 * answer without it would be silently wrong.
 */
export async function listObjects(
  store: Pick<ObjectStore, "list" | "url">,
  days: readonly Day[],
  signal: AbortSignal,
): Promise<Listing> {
  const listed =
    days.length > DAYS_LISTED_APART_MAX
      ? await listRange(store, days, signal)
      : (await mapInParallel(days, LISTINGS_AT_ONCE, (day) => listDay(store, day, signal))).flat();
  const objects: DayObject[] = [];
  const unrecognised: string[] = [];
  const sealed: string[] = [];
  for (const { key, sizeBytes } of listed) {
    const name = parseKey(key);
    if (name === undefined) unrecognised.push(key);
    else if (name.isSealed) sealed.push(key);
    else objects.push({ key, day: name.day, sizeBytes });
  }
  const [firstSealed] = sealed;
  if (firstSealed !== undefined) throw sealedError(sealed.length, firstSealed, store.url);
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

function sealedError(count: number, key: string, url: string): UserError {
  return new UserError(
    `${count} objects of this range in ${url} are sealed, the first is ${key}. ` +
      "They were made by a newer version of hostlog, which this one cannot open: ask with that version",
    exitCode.usage,
  );
}
