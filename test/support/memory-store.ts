import { checkKey, checkRange } from "../../src/store/check-key.ts";
import { digestBytes } from "../../src/store/digest-bytes.ts";
import { writeLocalCopy } from "../../src/store/local-copy.ts";
import { ObjectNotFoundError, type ObjectStore } from "../../src/store/object-store.ts";

/** A store for tests that ends with the process. Callers may change their bytes before and after. */
export function createMemoryStore(url: string): ObjectStore {
  const objects = new Map<string, Uint8Array>();

  const find = (key: string): Uint8Array => {
    checkKey(key);
    const bytes = objects.get(key);
    if (bytes === undefined) throw new ObjectNotFoundError(key, url);
    return bytes;
  };

  return {
    url,

    async create(key, body) {
      checkKey(key);
      if (objects.has(key)) return "exists";
      objects.set(key, Uint8Array.from(body));
      return "created";
    },

    async read(key, range) {
      const bytes = find(key);
      if (range === undefined) return bytes.slice();
      checkRange(range, key, bytes.length);
      return bytes.slice(range.start, range.end);
    },

    async asFile(key, directory) {
      return writeLocalCopy(directory, { url, key }, [find(key)]);
    },

    async digest(key) {
      return digestBytes([find(key)]);
    },

    async *list(prefix, { startAfter = "" } = {}) {
      // Keys are ASCII, so the order of their characters is the order of their bytes.
      for (const key of [...objects.keys()].sort()) {
        const bytes = objects.get(key);
        if (bytes !== undefined && key.startsWith(prefix) && key > startAfter) {
          yield { key, sizeBytes: bytes.length };
        }
      }
    },

    async *listHidden() {},

    clockMs: () => Promise.resolve(undefined),

    async remove(keys) {
      for (const key of keys) checkKey(key);
      for (const key of keys) objects.delete(key);
      return [];
    },
  };
}
