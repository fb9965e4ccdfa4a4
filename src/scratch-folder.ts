import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "./errors.ts";
import { exitCode } from "./exit-code.ts";
import { withLock } from "./lock-file.ts";
import { SILENT_MS_MAX } from "./lock-holder.ts";

/** A folder, or its lock. */
const namePattern = /^(\d+-[0-9a-f]{16})(?:\.lock)?$/;

/** What a process leaves that is killed while it takes a lock. */
const lockPartPattern = /^\d+-[0-9a-f]{16}\.lock\..+$/;

/**
 * Runs `use` with a new folder below the state directory that only this user can enter, and removes it with
 * all it holds, also when the process is told to exit. What a process left that was killed is removed by the
 * next that comes here: beside each folder lies the lock of its process, so none is mistaken for another that
 * has its number now, and none in use is touched, also on a state directory that several machines share.
 *
 * Throws UserError when the state directory cannot be written.
 */
export function withScratchFolder<Result>(
  stateDirectory: string,
  purpose: string,
  use: (folder: string) => Promise<Result>,
): Promise<Result> {
  return withFolderIn(join(stateDirectory, "scratch"), purpose, use);
}

/** A folder in use, until it is closed. */
export interface HeldFolder {
  readonly path: string;
  /** Removes it with all it holds. */
  close(): Promise<void>;
}

/** As {@link withScratchFolder}, in `parent`, for a user that learns only on its way that it needs a folder. */
export async function openFolderIn(parent: string, purpose: string): Promise<HeldFolder> {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  return new Promise<HeldFolder>((resolve, reject) => {
    const ended = withFolderIn(parent, purpose, (path) => {
      const close = async (): Promise<void> => {
        release();
        await ended;
      };
      resolve({ path, close });
      return released;
    });
    ended.catch(reject);
  });
}

/** Removes from `parent` the folders whose processes are dead. */
export async function sweepFolders(parent: string): Promise<void> {
  const entries = await readdir(parent);
  for (const name of new Set(entries.flatMap((entry) => namePattern.exec(entry)?.[1] ?? []))) {
    await removeUnlessUsed(join(parent, name));
  }
  for (const entry of entries) {
    if (lockPartPattern.test(entry)) await removeIfOld(join(parent, entry));
  }
}

async function withFolderIn<Result>(
  parent: string,
  purpose: string,
  use: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = join(parent, `${process.pid}-${randomBytes(8).toString("hex")}`);
  await writing(parent, async () => {
    await mkdir(parent, { recursive: true, mode: 0o700 });
    await sweepFolders(parent);
  });
  const outcome = await writing(parent, () =>
    withLock(lockOf(folder), purpose, async () => {
      await mkdir(folder, { mode: 0o700 });
      return await used(folder, use);
    }),
  );
  if (outcome.status === "rejected") throw outcome.reason;
  return outcome.value;
}

/** What `use` ended with, so that its trouble is not taken for that of the folder. */
async function used<Result>(
  folder: string,
  use: (folder: string) => Promise<Result>,
): Promise<PromiseSettledResult<Result>> {
  // The second signal ends the process where it stands, and no `finally` runs.
  const removeNow = (): void => rmSync(folder, { recursive: true, force: true });
  process.once("exit", removeNow);
  try {
    const [outcome] = await Promise.allSettled([use(folder)]);
    await rm(folder, { recursive: true, force: true });
    return outcome;
  } finally {
    process.removeListener("exit", removeNow);
  }
}

async function removeUnlessUsed(folder: string): Promise<void> {
  try {
    await withLock(lockOf(folder), "removing what a look-up left", () =>
      rm(folder, { recursive: true, force: true }),
    );
  } catch (error) {
    // In use, or being removed by another that has just come.
    if (!(error instanceof UserError && error.exitCode === exitCode.tryAgain)) throw error;
  }
}

/** Taking a lock needs milliseconds. */
async function removeIfOld(path: string): Promise<void> {
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined || Date.now() - stats.mtimeMs < SILENT_MS_MAX) return;
  await rm(path, { force: true });
}

function lockOf(folder: string): string {
  return `${folder}.lock`;
}

async function writing<Result>(parent: string, act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof UserError || !(error instanceof Error && "code" in error)) throw error;
    const isFull = error.code === "ENOSPC" || error.code === "EDQUOT";
    const remedy = isFull
      ? "free some space, then try again"
      : 'let the user that asks write there, or name a folder of that user as "state" in the config';
    throw new UserError(
      `look-ups keep their copies of objects in ${parent}, which cannot be written (${String(error.code)}); ${remedy}`,
      isFull ? exitCode.tryAgain : exitCode.config,
      { cause: error },
    );
  }
}
