import type { ObjectStore } from "../../src/store/object-store.ts";

/** What a store hides, one line each: `KEY KIND BYTES`, in order. */
export async function listHidden(
  store: Pick<ObjectStore, "listHidden">,
  prefix = "",
): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const { key, kind, sizeBytes } of store.listHidden(prefix)) {
    lines.push(`${key} ${kind} ${sizeBytes}`);
  }
  return lines.toSorted();
}
