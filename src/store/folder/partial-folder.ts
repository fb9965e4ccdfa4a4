import { randomBytes } from "node:crypto";
import { lstat, mkdir, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncDirectory } from "../../durable-file.ts";
import { identityOf, isSameFile } from "./is-same-file.ts";

/**
 * The folder below the root for what is not an object yet. No key can name it, since no key has a `~`, so
 * it is never listed; the dot hides it from patterns that take every folder.
 */
const NAME = ".partial~";

/**
 * Nobody writes one object for a day. Taking the file of a writer that sleeps for so long does no harm
 * either: when it wakes it finds nothing to publish, and says so.
 */
const LEFT_OVER_AFTER_MS = 86_400_000;

/** True for the name, below a root, of its folder for partial objects. */
export function isPartialFolder(name: string): boolean {
  return name === NAME;
}

/** A new name in the root's folder for partial objects. */
export function partialPath(root: string): string {
  return join(root, NAME, randomBytes(12).toString("hex"));
}

/** Makes the root and its folder for partial objects, open to this user only, so that they last. */
export async function makePartialFolder(root: string): Promise<void> {
  const firstMade = await mkdir(join(root, NAME), { recursive: true, mode: 0o700 });
  if (firstMade === undefined) return;
  for (let folder = root; folder.length >= dirname(firstMade).length; folder = dirname(folder)) {
    await syncDirectory(folder);
    if (folder === dirname(folder)) return;
  }
}

/**
 * Makes the names of the folders above the root last. Any of them may be another process's, made but not yet
 * synced when that died; one that this user may not read is none that hostlog has made.
 */
async function syncAncestors(root: string): Promise<void> {
  for (let folder = dirname(root); ; folder = dirname(folder)) {
    try {
      await syncDirectory(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EACCES") throw error;
    }
    if (folder === dirname(folder)) return;
  }
}

/** What a process does once before it stores anything. */
export async function prepareRoot(root: string, nowMs: number): Promise<void> {
  await makePartialFolder(root);
  await syncAncestors(root);
  // What cannot be cleaned away does not keep anybody from storing; `remove` says so.
  await removeLeftOvers(root, nowMs).catch(() => {});
}

/**
 * Removes the names below the root's folder for partial objects that lead to the file at `path` too, so that it
 * lasts: a process that died between giving the file its final name and taking the first one away has left one.
 */
export async function removeSecondNames(root: string, path: string): Promise<void> {
  const stats = await lstat(path);
  if (stats.nlink < 2) return;
  const identity = await identityOf(path);
  const folder = join(root, NAME);
  let isFound = false;
  for (const name of await namesIn(folder)) {
    if (!(await isSameFile(identity, join(folder, name)))) continue;
    await rm(join(folder, name), { force: true });
    isFound = true;
  }
  if (isFound) await syncDirectory(folder);
}

/** None of a folder that is not there. Any other trouble is thrown: what could not be seen may be there. */
async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return [];
  }
}

/** Removes what dead processes left. A root that does not exist has nothing of the kind. */
export async function removeLeftOvers(root: string, nowMs: number): Promise<void> {
  const folder = join(root, NAME);
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    const stats = await lstat(path).catch(() => undefined);
    if (stats === undefined || nowMs - stats.mtimeMs < LEFT_OVER_AFTER_MS) continue;
    await rm(path, { recursive: true, force: true });
  }
}
