import { type Dirent, lstat } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isKey, isRemovedWhileOpen, type StoredObject } from "../object-store.ts";
import { statPath } from "./find-file.ts";
import { isPartialFolder } from "./partial-folder.ts";

/** How many files are looked at at once: enough to keep libuv's four threads busy. */
const LOOK_AT_ONCE = 64;

/** How often names may go away between reading a folder and looking at them. */
const READ_ATTEMPTS_MAX = 100;

interface Wanted {
  readonly prefix: string;
  readonly startAfter: string;
  readonly onForeign: ((name: string) => void) | undefined;
}

interface Entry {
  /** A file's key, or the part that all keys of a folder begin with, its slash included. */
  readonly key: string;
  readonly isFolder: boolean;
}

/**
 * The regular files below `root` whose path from there is a key, in ascending order of the key's bytes, some at a time,
 * holding the names of one folder at each depth. Links, pipes, sockets and devices are passed over and so is a name that
 * no key can have; none of them is opened. A file or folder that goes away meanwhile is left out. Throws the system's
 * error.
 */
export async function* walkFolder(root: string, wanted: Wanted): AsyncGenerator<readonly StoredObject[]> {
  yield* walk(root, "", wanted);
}

async function* walk(root: string, parent: string, wanted: Wanted): AsyncGenerator<readonly StoredObject[]> {
  let files: string[] = [];
  for (const { key, isFolder } of await readEntries(root, parent, wanted)) {
    if (!isFolder) files.push(key);
    if (isFolder || files.length === LOOK_AT_ONCE) {
      yield await lookAt(root, files);
      files = [];
    }
    if (isFolder) yield* walk(root, key, wanted);
  }
  yield await lookAt(root, files);
}

async function readEntries(root: string, parent: string, wanted: Wanted): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for (const dirent of await readNames(join(root, parent), parent === "")) {
    const key = parent + dirent.name;
    if (!isKey(key) || !(dirent.isDirectory() || dirent.isFile())) {
      if (isForeign(key, wanted)) wanted.onForeign?.(key);
      continue;
    }
    if (dirent.isDirectory() && mayHold(`${key}/`, wanted)) entries.push({ key: `${key}/`, isFolder: true });
    if (dirent.isFile() && key.startsWith(wanted.prefix) && key > wanted.startAfter) {
      entries.push({ key, isFolder: false });
    }
  }
  // `a-b` < `a.b` < `a/b`: a folder takes its place with its slash. Keys are ASCII, so the order of
  // characters is the order of bytes.
  return entries.sort((left, right) => (left.key < right.key ? -1 : 1));
}

/** What is being written, and what NFS keeps for a reader, have names that are no keys either: nobody else put them there. */
function isForeign(name: string, { prefix, startAfter }: Wanted): boolean {
  const isWanted = name.startsWith(prefix) && name > startAfter;
  return isWanted && !isPartialFolder(name) && !isRemovedWhileOpen(name);
}

/** Empty for a folder that is gone, or that a file has replaced if it is not the root. */
async function readNames(folder: string, isRoot: boolean): Promise<readonly Dirent[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await readdir(folder, { withFileTypes: true });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOTDIR" && !isRoot) return [];
      if (code !== "ENOENT") throw error;
      // Some file systems do not say of what kind a name is; then Node looks at each, and one that has just
      // been removed looks like a folder that is not there.
      if ((await statPath(folder)) === undefined) return [];
      if (attempt === READ_ATTEMPTS_MAX) throw error;
    }
  }
}

/** False when no key that begins with `folder` is wanted: then it is not even read. */
function mayHold(folder: string, { prefix, startAfter }: Wanted): boolean {
  const isBelowPrefix = folder.startsWith(prefix) || prefix.startsWith(folder);
  return isBelowPrefix && (folder > startAfter || startAfter.startsWith(folder));
}

/**
 * By callbacks, as a promise for each file takes twice their time, and not at once (`lstatSync`), which would take a third
 * of it: a file server that does not answer would stop the whole process.
 */
function lookAt(root: string, keys: readonly string[]): Promise<readonly StoredObject[]> {
  const objects: (StoredObject | undefined)[] = [];
  let missing = keys.length;
  return new Promise((resolve, reject) => {
    const isAll = (): boolean => missing === 0;
    if (isAll()) resolve([]);
    for (const [index, key] of keys.entries()) {
      lstat(join(root, key), (error, stats) => {
        missing--;
        if (error === null) {
          const { size: sizeBytes, mtimeMs: modifiedMs } = stats;
          if (stats.isFile()) objects[index] = { key, sizeBytes, modifiedMs };
        } else if (error.code !== "ENOENT") reject(error);
        if (isAll()) resolve(objects.filter((object) => object !== undefined));
      });
    }
  });
}
