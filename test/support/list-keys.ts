import type { ObjectStore } from "../../src/store/object-store.ts";

export async function listKeys(store: ObjectStore, prefix = "", startAfter?: string): Promise<string[]> {
  const keys: string[] = [];
  const options = startAfter === undefined ? {} : { startAfter };
  for await (const { key } of store.list(prefix, options)) keys.push(key);
  return keys;
}
