import { rmdir, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncDirectory } from "../../durable-file.ts";
import type { RemoveFailure } from "../object-store.ts";
import { statFile } from "./find-file.ts";
import { removeSecondNames } from "./partial-folder.ts";

/**
 * Removes the files of `keys`, and the folders that this empties, so that it lasts. Keys that are gone
 * already are finished too: whoever removed them may have died before the folders were synced. Returns a
 * failure for each file that is still there, under its key or the name that it was written under, or may be back
 * after a power loss.
 */
export async function removeFiles(
  root: string,
  keys: readonly string[],
  describe: (error: unknown) => string,
): Promise<readonly RemoveFailure[]> {
  const failures: RemoveFailure[] = [];
  const keysByFolder = new Map<string, string[]>();
  for (const key of keys) {
    try {
      await removeFile(root, key);
    } catch (error) {
      failures.push({ key, message: describe(error) });
      continue;
    }
    const folder = dirname(join(root, key));
    const removed = keysByFolder.get(folder);
    if (removed === undefined) keysByFolder.set(folder, [key]);
    else removed.push(key);
  }
  for (const [folder, removed] of keysByFolder) {
    try {
      await removeEmptyAndSync(root, folder);
    } catch (error) {
      const message = describe(error);
      failures.push(...removed.map((key) => ({ key, message })));
    }
  }
  return failures;
}

async function removeFile(root: string, key: string): Promise<void> {
  const found = await statFile(root, key);
  if (found === "foreign") throw new Error("something that is no object has this name, and is left alone");
  if (found === "nothing") return;
  const path = join(root, key);
  try {
    // First: once the key is gone, nobody could tell that such a name holds the same bytes.
    await removeSecondNames(root, path);
    await unlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

/** A `create` that runs at the same time makes the folder again; see `publishBelow`. */
async function removeEmptyAndSync(root: string, folder: string): Promise<void> {
  for (let current = folder; ; current = dirname(current)) {
    if (current !== root && (await removeFolderIfEmpty(current))) continue;
    try {
      await syncDirectory(current);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      if (current === root) return;
    }
  }
}

/** True when the folder is gone. One that cannot be removed holds no object and does no harm. */
async function removeFolderIfEmpty(folder: string): Promise<boolean> {
  try {
    await rmdir(folder);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}
