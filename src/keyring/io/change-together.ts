import { mkdir, readdir, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncDirectory, writeNewFile } from "../../durable-file.ts";
import { custodianFileOf, keyringFiles } from "./keyring-folder.ts";
import { FILE_MODE, FOLDER_MODE, ignoreMissing } from "./private-file.ts";
import { replaceFile, shredFile, shredFolder, temporaryName } from "./shred-file.ts";

/** What was decided and is to be copied to its places. While it is there, the keyring is what it says. */
const DECIDED = "decided";

/** New contents by their places below the keyring's folder, `keyring.json` among them. */
export type Change = ReadonlyMap<string, Uint8Array>;

/**
 * Replaces several files of the keyring at once: after a crash at any instant all are as before, or
 * {@link finishChange} makes all new. Only for who holds the lock, after {@link finishChange}.
 */
export async function changeTogether(folder: string, change: Change): Promise<void> {
  const staged = temporaryName(join(folder, DECIDED));
  await writeTree(staged, change);
  await rename(staged, join(folder, DECIDED));
  await syncDirectory(folder);
  await finishChange(folder);
}

/** Writes files below a new folder, so that they last. */
export async function writeTree(root: string, files: Change): Promise<void> {
  await mkdir(root, { mode: FOLDER_MODE });
  await mkdir(join(root, keyringFiles.days), { mode: FOLDER_MODE });
  for (const [name, bytes] of files) await writeNewFile(join(root, name), bytes, FILE_MODE);
  await syncDirectory(join(root, keyringFiles.days));
  await syncDirectory(root);
}

/** Whether a change was decided and not brought to its end: then no file may be read but through {@link finishChange}. */
export async function isChangePending(folder: string): Promise<boolean> {
  return ((await readdir(folder).catch(ignoreMissing)) ?? []).includes(DECIDED);
}

/** Brings a decided change to its end, as often as it takes. Only for who holds the lock. */
export async function finishChange(folder: string): Promise<void> {
  if (!(await isChangePending(folder))) return;
  const decided = join(folder, DECIDED);
  const names = (await readdir(decided, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(decided.length + 1));
  // By the new keyring.json, who reads a new month with the old custodian identity knows why it does not open.
  const inOrder = [keyringFiles.keyring, ...names.filter((name) => name !== keyringFiles.keyring)];
  for (const name of inOrder) await putInPlace(join(decided, name), join(folder, name));
  await removeOtherCustodian(folder, names);
  // From here on the copies are leftovers, which never become the keyring again.
  const done = temporaryName(decided);
  await rename(decided, done);
  await syncDirectory(dirname(decided));
  await shredFolder(done);
}

async function putInPlace(from: string, to: string): Promise<void> {
  const bytes = await readFile(from);
  const present = await readFile(to).catch(ignoreMissing);
  if (present === undefined || !bytes.equals(present)) await replaceFile(to, bytes);
}

/** A custodian identity lies in one file: the clear one of before must not stay beside one that is wrapped now. */
async function removeOtherCustodian(folder: string, names: readonly string[]): Promise<void> {
  const [clear, wrapped] = [custodianFileOf("small"), custodianFileOf("team")];
  if (names.includes(wrapped)) await shredFile(join(folder, clear));
  if (names.includes(clear)) await shredFile(join(folder, wrapped));
}
