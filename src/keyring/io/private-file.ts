import type { Stats } from "node:fs";
import { lstat, open } from "node:fs/promises";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";

/** For the owner alone. */
export const FILE_MODE = 0o600;
export const FOLDER_MODE = 0o700;

/**
 * All bytes of a file of the keyring; undefined when there is none. Throws UserError when somebody else may read or
 * change it.
 */
export async function readPrivateFile(path: string): Promise<Buffer | undefined> {
  const handle = await open(path, "r").catch(ignoreMissing);
  if (handle === undefined) return undefined;
  try {
    refuseShared(path, await handle.stat(), "600");
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** False when there is no such folder. Throws UserError when somebody else may look into it, or it is none. */
export async function checkPrivateFolder(path: string): Promise<boolean> {
  const status = await lstat(path).catch(ignoreMissing);
  if (status === undefined) return false;
  if (!status.isDirectory()) throw new UserError(`${path} is no folder; move it away`, exitCode.config);
  refuseShared(path, status, "700");
  return true;
}

function refuseShared(path: string, { mode, uid }: Stats, modeToSet: string): void {
  const self = process.getuid?.();
  if (self !== undefined && uid !== self) {
    throw new UserError(
      `${path} belongs to another user (its number is ${uid}, this process's ${self}): keys are used by their owner alone. Run this as that user, or give the keyring's folder to this one: chown -R ${self} FOLDER`,
      exitCode.config,
    );
  }
  if ((mode & 0o077) !== 0) {
    throw new UserError(
      `other users may read or change ${path}, which belongs to a keyring: run chmod ${modeToSet} ${path}, and if somebody may have read it, replace the keys that it opens ("hostlog keys rotate --custodian")`,
      exitCode.config,
    );
  }
}

export function ignoreMissing(error: unknown): undefined {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
  throw error;
}
