import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { link, lstat, open, readdir, rename, rmdir, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncDirectory, writeNewFile } from "../../durable-file.ts";
import { FILE_MODE, ignoreMissing } from "./private-file.ts";

/** What is not finished, or is on its way out: nobody reads files of these names, and whoever comes next removes them. */
const leftoverPattern = /\.(?:tmp|old)~$/;

/** Files of the lock are its own to remove: another process may be making one at this moment. */
const lockPattern = /^lock(?:\.|$)/;

function isLeftover(name: string): boolean {
  return leftoverPattern.test(name) && !lockPattern.test(name);
}

export function temporaryName(path: string): string {
  return `${path}.${randomBytes(6).toString("hex")}.tmp~`;
}

/**
 * Puts `bytes` at `path` as one step that lasts, and then overwrites and removes what was there. The old file keeps
 * a name, `….old~`, until its bytes are overwritten: a process that is killed in between leaves it to the next.
 */
export async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = temporaryName(path);
  await writeNewFile(temporary, bytes, FILE_MODE);
  const old = `${path}.${randomBytes(6).toString("hex")}.old~`;
  const isReplacing = await linkIfThere(path, old);
  // Else a power loss could keep the new file and lose the old one's last name, with its bytes as they are.
  if (isReplacing) await syncDirectory(dirname(path));
  await rename(temporary, path);
  await syncDirectory(dirname(path));
  if (isReplacing) await shredFile(old);
}

/**
 * Overwrites a file's bytes where they lie and removes it. Nothing happens when there is none; a file that has
 * another name is only removed by this one.
 *
 * What this promises: a file system that writes in place (ext4, XFS) keeps no block of the old bytes in this
 * file, and what it frees holds zeros. What it does not: file systems that copy on write (btrfs, ZFS), snapshots, a
 * journal of data, and the spare blocks of an SSD may keep the old bytes, where only who takes the disk apart
 * finds them. Those are wrapped for the custodian identity all the same.
 */
export async function shredFile(path: string): Promise<void> {
  // No link is followed: what it points to is not ours to overwrite.
  const handle = await open(path, constants.O_RDWR | constants.O_NOFOLLOW).catch(ignoreMissing);
  if (handle === undefined) return;
  try {
    const { size, nlink } = await handle.stat();
    if (nlink === 1) {
      await handle.writeFile(new Uint8Array(size));
      await handle.sync();
    }
    await unlink(path);
  } finally {
    await handle.close();
  }
  await syncDirectory(dirname(path));
}

/** As {@link shredFile}, for a folder and all below it. */
export async function shredFolder(path: string): Promise<void> {
  for (const { name, isFolder } of await listFolder(path)) {
    await (isFolder ? shredFolder : shredFile)(join(path, name));
  }
  await rmdir(path).catch(ignoreMissing);
  await syncDirectory(dirname(path));
}

/** Removes what killed processes left in a keyring's folder. Only for who holds its lock. */
export async function sweepLeftovers(folder: string): Promise<void> {
  for (const path of await findLeftovers(folder)) {
    const status = await lstat(path).catch(ignoreMissing);
    if (status === undefined) continue;
    if (status.isDirectory()) await shredFolder(path);
    else if (status.isFile()) await shredFile(path);
    else await unlink(path);
  }
}

/** What killed processes left, or live ones are about to finish; folders are not looked into. */
export async function findLeftovers(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { name, isFolder } of await listFolder(folder)) {
    const path = join(folder, name);
    if (isLeftover(name)) found.push(path);
    else if (isFolder) found.push(...(await findLeftovers(path)));
  }
  return found;
}

async function listFolder(
  path: string,
): Promise<readonly { readonly name: string; readonly isFolder: boolean }[]> {
  const entries = (await readdir(path, { withFileTypes: true }).catch(ignoreMissing)) ?? [];
  return entries.map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
}

async function linkIfThere(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    ignoreMissing(error);
    return false;
  }
}
