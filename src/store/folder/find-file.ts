import { constants, lstatSync, openSync, type Stats } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";
import { join } from "node:path";

/** A link is not followed, and opening a pipe does not wait. */
const READING = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The folders that a key lies in, outermost first, without the root. */
export function foldersOf(root: string, key: string): readonly string[] {
  const parts = key.split("/").slice(0, -1);
  return parts.map((_, index) => join(root, ...parts.slice(0, index + 1)));
}

/**
 * Opens the regular file of a key, to read; undefined when there is none. A link on the way, below the
 * root, is not followed, and a pipe or device is not opened, since opening one can wait or act.
 */
export async function openFile(root: string, key: string): Promise<FileHandle | undefined> {
  if ((await statFile(root, key)) !== "file") return undefined;
  try {
    // Between the look and this call a link or pipe may have taken the name: the flags refuse and do not wait.
    return await open(join(root, key), READING);
  } catch (error) {
    if (isNothing(error)) return undefined;
    throw error;
  }
}

/** {@link openFile} for threads that may wait: its descriptor. */
export function openFileSync(root: string, key: string): number | undefined {
  const isReached = foldersOf(root, key).every(
    (folder) => lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() === true,
  );
  const path = join(root, key);
  if (!isReached || lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
  try {
    return openSync(path, READING);
  } catch (error) {
    if (isNothing(error)) return undefined;
    throw error;
  }
}

/** What stands under a key's name: a regular file reached through real folders, nothing, or something else. */
export async function statFile(root: string, key: string): Promise<"file" | "nothing" | "foreign"> {
  for (const folder of foldersOf(root, key)) {
    const stats = await statPath(folder);
    if (stats === undefined || stats.isFile()) return "nothing";
    if (!stats.isDirectory()) return "foreign";
  }
  const stats = await statPath(join(root, key));
  if (stats === undefined) return "nothing";
  return stats.isFile() ? "file" : "foreign";
}

/** Undefined when there is nothing. A link is looked at itself. */
export async function statPath(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** The name was taken away, or by a link, between a look and opening it. */
function isNothing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ELOOP";
}
