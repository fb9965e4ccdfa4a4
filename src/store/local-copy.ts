import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { sha256Hex } from "../sha256.ts";

/**
 * Writes an object's bytes to a file in `directory` that only this user can read, and returns its path. The
 * name follows from store and key, because raw and quarantine may hold the same key; two writers of one
 * name write the same bytes, since an object never changes. Not made to survive a power loss.
 */
export async function writeLocalCopy(
  directory: string,
  object: { readonly url: string; readonly key: string },
  parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<string> {
  const hash = sha256Hex(object.url, "\n", object.key).slice(0, 16);
  const path = join(directory, `${hash}-${basename(object.key)}`);
  const temporary = `${path}.${randomBytes(6).toString("hex")}~`;
  try {
    const handle = await open(temporary, "wx", 0o600);
    try {
      for await (const part of parts) await handle.appendFile(part);
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return path;
}
