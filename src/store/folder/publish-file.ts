import { link, lstat, mkdir, readdir, rename, rm, rmdir, utimes } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { sha256Hex } from "../../sha256.ts";
import { identityOf, isSameFile } from "./is-same-file.ts";

/**
 * Gives a whole, synced file its final name if nothing has that name yet. "exists" when something has it;
 * then nothing was replaced. The file may still stand under its first name afterwards, and does when this
 * threw: the caller removes it. Throws the system's error, ENOENT when the final name's folder is missing.
 */
export type PublishFile = (from: string, to: string) => Promise<"created" | "exists">;

/** How `link` says that a file system has no hard links, or none between these two folders. */
const noLinkCodes = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EXDEV", "EMLINK"]);

/**
 * By a hard link: the one call of POSIX that gives a name in one step and never replaces. On NFS it may fail
 * after it was done, when the server's answer got lost; so whatever it says, the file itself is looked at.
 * Source: link(2), "BUGS".
 */
export const publishFile: PublishFile = async (from, to) => {
  try {
    await link(from, to);
    return "created";
  } catch (error) {
    if (await isSameFile(await identityOf(from), to)) return "created";
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (code === "EEXIST") return "exists";
    if (!noLinkCodes.has(code)) throw error;
    return publishByClaim(from, to);
  }
};

/** Holding a claim takes two calls, so one as old as this belongs to a process that died or sleeps. */
const CLAIM_AGE_MAX_MS = 10_000;
const CLAIM_POLL_MS = 20;

/**
 * For file systems without hard links (exFAT, some network and FUSE mounts). A folder that holds the file
 * is renamed to a name that follows from `to`: a claim, because no rename replaces a folder that holds
 * something. While the claim stands, the final name is looked at and, when free, the file moved to it.
 *
 * A claim that is left over may be broken at any time by taking its file away: its owner, should it wake,
 * then has nothing to move. So no two files ever go to one name, whoever dies or sleeps where.
 */
export const publishByClaim: PublishFile = async (from, to) => {
  const own = `${from}.claim`;
  const claim = claimPath(from, to);
  const name = basename(from);
  const identity = await identityOf(from);
  await mkdir(own, { mode: 0o700 });
  try {
    await rename(from, join(own, name));
    await takeClaim(own, claim);
    if (await isTaken(to)) return "exists";
    await rename(join(claim, name), to);
    return "created";
  } catch (error) {
    // Here too the answer may have got lost, and the file be where it was to go.
    if (await isSameFile(identity, to)) return "created";
    throw error;
  } finally {
    await moveBack(join(own, name), from);
    await moveBack(join(claim, name), from);
    await removeIfEmpty(own);
    await removeIfEmpty(claim);
  }
};

/** The folder that stands beside `from` while somebody may give a file the name `to`. */
export function claimPath(from: string, to: string): string {
  return join(dirname(from), `claim-${sha256Hex(to).slice(0, 32)}`);
}

async function takeClaim(own: string, claim: string): Promise<void> {
  for (;;) {
    // The claim's age is to count from now, not from when the waiting began.
    const now = new Date();
    await utimes(own, now, now);
    try {
      return await rename(own, claim);
    } catch (error) {
      if (!isAnyOf(error, "ENOTEMPTY", "EEXIST")) throw error;
    }
    await breakOldClaim(claim);
    await delay(CLAIM_POLL_MS);
  }
}

async function breakOldClaim(claim: string): Promise<void> {
  const stats = await lstat(claim).catch(() => undefined);
  if (stats === undefined || Date.now() - stats.mtimeMs < CLAIM_AGE_MAX_MS) return;
  for (const name of await readdir(claim).catch(() => [])) await rm(join(claim, name), { force: true });
  await removeIfEmpty(claim);
}

async function isTaken(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isAnyOf(error, "ENOENT")) return false;
    throw error;
  }
}

/** A file that is not there was published, or its claim was broken. */
async function moveBack(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!isAnyOf(error, "ENOENT")) throw error;
  }
}

/** What holds something is another's claim by now. */
async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    if (!isAnyOf(error, "ENOENT", "ENOTEMPTY", "EEXIST")) throw error;
  }
}

function isAnyOf(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException).code ?? "");
}
