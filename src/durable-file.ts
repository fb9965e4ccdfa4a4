import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes the names in a folder survive a power loss. A file system that has no such call (some network and
 * FUSE mounts answer EINVAL or ENOTSUP) keeps names as well as it can without it.
 */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EINVAL" && code !== "ENOTSUP") throw error;
  } finally {
    await handle.close();
  }
}

/**
 * Makes a new file that holds all of `bytes` on the disk itself. Its name may still be lost in a power loss.
 * Throws, and leaves no file, when the name is taken or the disk does not take every byte.
 */
export async function writeNewFile(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const handle = await open(path, "wx", mode);
  try {
    await handle.writeFile(bytes);
    // After a failed fsync the kernel may call the lost pages clean, so it is never tried a second time: the
    // file is thrown away and the caller still has the bytes.
    await handle.sync();
  } catch (error) {
    await handle.close();
    await rm(path, { force: true });
    throw error;
  }
  await handle.close();
}

/**
 * Puts `bytes` at `path`, replacing what is there, so that a reader sees the old file or the new one, whole,
 * and the new one survives a power loss once this has returned. `mode` holds for a new and for a replaced
 * file. Throws the system's error; then the old file stands as it was.
 */
export async function writeDurably(
  path: string,
  bytes: Uint8Array,
  { mode }: { readonly mode: number },
): Promise<void> {
  // In the same folder, because a rename is one step only within one file system.
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp~`;
  await writeNewFile(temporary, bytes, mode);
  try {
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}
