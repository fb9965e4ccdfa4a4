import { ObjectNotFoundError, type ObjectStore } from "../../src/store/object-store.ts";
import type { DayObject } from "../batches.ts";
import { mapInParallel } from "./map-in-parallel.ts";

export interface FetchedObject {
  readonly object: DayObject;
  /** The absolute path of a local file; undefined when the object was gone. */
  readonly path: string | undefined;
}

/** Enough to hide the store's latency; more only competes for one network link. */
const FETCHES_AT_ONCE = 8;

/** Brings objects to local files below `directory`, or finds the store's own. */
export function fetchObjects(
  store: Pick<ObjectStore, "asFile">,
  objects: readonly DayObject[],
  directory: string,
  signal: AbortSignal,
): Promise<readonly FetchedObject[]> {
  return mapInParallel(objects, FETCHES_AT_ONCE, async (object) => {
    signal.throwIfAborted();
    try {
      return { object, path: await store.asFile(object.key, directory) };
    } catch (error) {
      if (error instanceof ObjectNotFoundError) return { object, path: undefined };
      throw error;
    }
  });
}
