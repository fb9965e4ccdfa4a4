import { randomUUID } from "node:crypto";
import { readFileSync, unlinkSync } from "node:fs";
import { link, mkdir, readFile, rm, stat, utimes } from "node:fs/promises";
import { dirname } from "node:path";
import { writeNewFile } from "./durable-file.ts";
import { UserError } from "./errors.ts";
import { exitCode } from "./exit-code.ts";
import { judgeHolder, type LockHolder, parseHolder, SILENT_MS_MAX } from "./lock-holder.ts";
import { seeProcess, thisProcess } from "./see-process.ts";

/** How often a holder touches its file, for those who cannot see its process. */
const TOUCH_EVERY_MS = 5_000;

/**
 * Runs `act` while this process alone holds the lock at `path`, and returns what it returns. Throws a
 * {@link UserError} to try again after when a live process holds it, and names that. The lock of a dead
 * process is taken over: also after a reboot, and when its number was given to another process.
 *
 * `purpose` says to people what is being done. The folder is made if need be; it must be on a file system
 * with hard links.
 */
export async function withLock<T>(path: string, purpose: string, act: () => Promise<T>): Promise<T> {
  const holder: LockHolder = { ...(await thisProcess()), token: randomUUID(), purpose };
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  if (!(await tryCreate(path, holder))) await takeOver(path, holder);
  // A process that ends by process.exit does not come to the `finally`.
  const removeOnExit = (): void => removeOwn(path, holder);
  process.once("exit", removeOnExit);
  const touching = setInterval(() => {
    const now = new Date();
    // If the file is gone, somebody removed it by hand, and there is nothing to touch.
    utimes(path, now, now).catch(() => undefined);
  }, TOUCH_EVERY_MS);
  touching.unref();
  try {
    return await act();
  } finally {
    clearInterval(touching);
    process.removeListener("exit", removeOnExit);
    removeOwn(path, holder);
  }
}

/**
 * Makes the lock file if there is none. It is a link to a finished file, because one made with O_EXCL is
 * empty for a moment, in which others cannot tell whose it is.
 */
async function tryCreate(path: string, holder: LockHolder): Promise<boolean> {
  const temporary = `${path}.${holder.token}.tmp~`;
  await writeNewFile(temporary, Buffer.from(`${JSON.stringify(holder)}\n`), 0o600);
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

/**
 * Replaces the lock of a dead process, or throws. Only who holds `….takeover` may remove a dead lock, and
 * looks again first: else, of two that saw the same dead lock, the slower would remove the faster's new one.
 */
async function takeOver(path: string, holder: LockHolder): Promise<void> {
  await refuseUnlessDead(path);
  // It may have been released since it was found: then there is nothing to take over.
  if (await tryCreate(path, holder)) return;
  const takeover = `${path}.takeover`;
  if (!(await tryCreate(takeover, holder))) {
    // It is held for milliseconds. That of a process that died in them is removed for the next attempt.
    const dead = await refuseUnlessDead(takeover);
    if (dead !== undefined) removeOwn(takeover, dead);
    throw busy(path, "is being taken over from a process that died");
  }
  try {
    await removeDead(path);
    if (!(await tryCreate(path, holder))) throw busy(path, "was taken by another process just now");
  } finally {
    removeOwn(takeover, holder);
  }
}

/** Removes the lock that was looked at and no other: a lock that somebody takes meanwhile stands. */
async function removeDead(path: string): Promise<void> {
  const found = await readLock(path);
  if (found === undefined) return;
  const dead = await refuseUnlessDead(path);
  if (dead !== undefined) removeOwn(path, dead);
  else if (found.holder === undefined) await rm(path, { force: true });
}

/** Throws for a lock that is held; returns the dead holder where the file names one. */
async function refuseUnlessDead(path: string): Promise<LockHolder | undefined> {
  const found = await readLock(path);
  if (found === undefined) return undefined;
  const { holder, silentMs } = found;
  if (holder === undefined) {
    if (silentMs > SILENT_MS_MAX) return undefined;
    throw busy(path, "was made just now by something else; if it stays, remove it");
  }
  const judgement = judgeHolder(holder, await thisProcess(), await seeProcess(holder.pid), silentMs);
  if (judgement === "dead") return holder;
  const where = judgement === "live" ? "" : ` on ${holder.hostName}, or in another container`;
  throw busy(path, `is held by process ${holder.pid}${where} (${holder.purpose})`);
}

/** Undefined when there is no such file; a file that is no lock has no holder. */
async function readLock(
  path: string,
): Promise<{ readonly holder: LockHolder | undefined; readonly silentMs: number } | undefined> {
  try {
    const holder = parseHolder(await readFile(path, "utf8"));
    const { mtimeMs } = await stat(path);
    return { holder, silentMs: Date.now() - mtimeMs };
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Removes the lock if it is still this acquisition's. Synchronous, for the last moment of a process. */
function removeOwn(path: string, { token }: LockHolder): void {
  try {
    if (parseHolder(readFileSync(path, "utf8"))?.token === token) unlinkSync(path);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
}

function busy(path: string, what: string): UserError {
  return new UserError(`the lock ${path} ${what}; try again later`, exitCode.tryAgain);
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
