import type { Stats } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { syncDirectory, writeNewFile } from "../../durable-file.ts";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import { foldersOf, statPath } from "./find-file.ts";
import { makePartialFolder, partialPath } from "./partial-folder.ts";
import type { PublishFile } from "./publish-file.ts";

/** How often a purge may take an emptied folder away between our making it and our using it. */
const FOLDER_REMADE_MAX = 100;

/**
 * Stores `body` as the file of `key` below `root`, whole and lasting, if nothing has that name. Throws
 * UserError when something that is no object has it, or stands where a folder is needed; else the system's
 * error, and then no partial object is left.
 */
export async function createFile(
  root: string,
  key: string,
  body: Uint8Array,
  publish: PublishFile,
): Promise<"created" | "exists"> {
  const path = join(root, key);
  const partial = partialPath(root);
  await makePartialFolder(root);
  try {
    await writeNewFile(partial, body, 0o600);
    const outcome = await publishBelow(root, key, () => publish(partial, path));
    if (outcome === "exists") await refuseForeign(path, (stats) => stats.isFile());
    // For "exists" as well: whoever created the object may have died before it came this far.
    await syncFolders(root, key);
    return outcome;
  } finally {
    await rm(partial, { force: true });
  }
}

async function publishBelow(
  root: string,
  key: string,
  publish: () => Promise<"created" | "exists">,
): Promise<"created" | "exists"> {
  for (let attempt = 1; ; attempt++) {
    try {
      await makeFolders(root, key);
      return await publish();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT" || attempt === FOLDER_REMADE_MAX) throw error;
    }
  }
}

/** One by one, because a recursive mkdir would follow a link. */
async function makeFolders(root: string, key: string): Promise<void> {
  for (const folder of foldersOf(root, key)) {
    try {
      await mkdir(folder, { mode: 0o700 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      await refuseForeign(folder, (stats) => stats.isDirectory());
    }
  }
}

async function refuseForeign(path: string, isOurs: (stats: Stats) => boolean): Promise<void> {
  const stats = await statPath(path);
  if (stats === undefined || isOurs(stats)) return;
  throw new UserError(
    `${path} is in the way: hostlog keeps only plain files and folders there; move it out of the store`,
    exitCode.integrity,
  );
}

/** From the innermost to the root, each time: any of them may be another process's, made but not yet synced. */
async function syncFolders(root: string, key: string): Promise<void> {
  for (const folder of [root, ...foldersOf(root, key)].reverse()) {
    try {
      await syncDirectory(folder);
    } catch (error) {
      // The object was removed already, and its emptied folder with it.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}
