import { ObjectNotFoundError, type ObjectStore } from "../../src/store/object-store.ts";
import type { DayObject } from "../batches.ts";
import { mapInParallel } from "./map-in-parallel.ts";

export interface FetchedObject {
  readonly object: DayObject;
  /** The absolute path of a local file; undefined when the object was gone. */
  readonly path: string | undefined;
}

/** Beyond this a store fetches an object in pieces, several at once: one of them fills a line by itself. */
const LARGE_BYTES = 16 * 1024 * 1024;

/** Enough to hide the store's latency; more only competes for one network link and for memory. */
const SMALL_AT_ONCE = 8;

/** Each has a few pieces in memory; the second is on its way while the first is written to its end. */
const LARGE_AT_ONCE = 2;

/**
 * Brings objects to local files below `directory`, or finds the store's own; returns them in the order given.
 * Memory is bounded whatever their number and size.
 */
export async function fetchObjects(
  store: Pick<ObjectStore, "asFile">,
  objects: readonly DayObject[],
  directory: string,
  signal: AbortSignal,
): Promise<readonly FetchedObject[]> {
  const fetch = async ({ key }: DayObject): Promise<readonly [string, string | undefined]> => {
    signal.throwIfAborted();
    try {
      return [key, await store.asFile(key, directory)];
    } catch (error) {
      if (error instanceof ObjectNotFoundError) return [key, undefined];
      throw error;
    }
  };
  const isLarge = ({ sizeBytes }: DayObject): boolean => sizeBytes > LARGE_BYTES;
  const large = await mapInParallel(objects.filter(isLarge), LARGE_AT_ONCE, fetch);
  const small = await mapInParallel(
    objects.filter((object) => !isLarge(object)),
    SMALL_AT_ONCE,
    fetch,
  );
  const paths = new Map([...large, ...small]);
  return objects.map((object) => ({ object, path: paths.get(object.key) }));
}
