import type { Stats } from "node:fs";
import { readFile, realpath, stat } from "node:fs/promises";
import { addProfile, hasProfile, type Profile } from "../access/profile.ts";
import { writeDurably } from "../durable-file.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";

/** Rights of the group and of others. */
const OTHERS = 0o077;

/**
 * Looks whether keys can be appended to a file for these profiles, before any is made. Throws UserError when others
 * may read it, when it is no file, or when it has one of the profiles: nobody could say which of two keys counts.
 */
export async function checkCredentialsFile(path: string, profiles: readonly string[]): Promise<void> {
  const text = await readProfiles(path);
  const taken = profiles.find((name) => hasProfile(text, name));
  if (taken === undefined) return;
  throw new UserError(
    `${path} has a profile [${taken}] already, and that user is to get a new key; remove the profile, or name another file`,
    exitCode.usage,
  );
}

/** Appends a profile; once it has returned, the key survives a power loss. */
export async function appendProfile(path: string, profile: Profile): Promise<void> {
  const text = addProfile(await readProfiles(path), profile);
  await writeDurably(await targetOf(path), Buffer.from(text), { mode: 0o600 });
}

/** Empty for a file that is not there yet. */
async function readProfiles(path: string): Promise<string> {
  const status = await statOrNone(path);
  if (status === undefined) return "";
  if (!status.isFile()) throw new UserError(`${path} is no file; name another one`, exitCode.usage);
  if ((status.mode & OTHERS) !== 0) {
    throw new UserError(`others may read ${path}: chmod 600 it, or name another file`, exitCode.usage);
  }
  return readFile(path, "utf8");
}

/** Behind links, so that the file is replaced and not the link to it. */
async function targetOf(path: string): Promise<string> {
  return (await statOrNone(path)) === undefined ? path : realpath(path);
}

async function statOrNone(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
