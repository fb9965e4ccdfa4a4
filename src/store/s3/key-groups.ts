/** Keys that are looked for with one listing. */
export interface KeyGroup {
  /** The longest that all of them start with. */
  readonly prefix: string;
  readonly keys: readonly string[];
}

/**
 * Groups keys by their folder: those of one day share `dt=…/`, and a listing of what several days share would
 * go through all days. Names without a folder are one group.
 */
export function groupKeys(keys: readonly string[]): readonly KeyGroup[] {
  const folders = new Map<string, string[]>();
  for (const key of keys) {
    const folder = key.slice(0, key.lastIndexOf("/") + 1);
    const known = folders.get(folder);
    if (known === undefined) folders.set(folder, [key]);
    else known.push(key);
  }
  return [...folders.values()].map((group) => ({ prefix: commonPrefix(group), keys: group }));
}

function commonPrefix([first = "", ...others]: readonly string[]): string {
  let { length } = first;
  for (const other of others) while (!other.startsWith(first.slice(0, length))) length--;
  return first.slice(0, length);
}
