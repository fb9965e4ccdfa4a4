import { stat } from "node:fs/promises";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";

/**
 * What a mode gives to those who are neither the owner nor of the group. The group is the operator's to use:
 * hostlog gives it nothing, but one who reads analytics with another program may be let in by it.
 */
const OTHERS = 0o007;

/**
 * Throws UserError when every user of the machine may read, change or enter the root: what lies in it are
 * visitors' addresses. False when there is no folder yet; `create` makes it 0700.
 */
export async function checkRoot(root: string, url: string): Promise<boolean> {
  const mode = await modeOf(root);
  if (mode === undefined) return false;
  if ((mode & OTHERS) === 0) return true;
  throw new UserError(
    `${url}: every user of this machine may look into the folder (its mode is ${(mode & 0o777).toString(8)}); run "chmod o-rwx ${root}", or, on a file system without modes, mount it with umask=077. Then run this again`,
    exitCode.config,
  );
}

/** Undefined for what is no folder. A root may be a link: then the folder behind it counts. */
async function modeOf(root: string): Promise<number | undefined> {
  try {
    const stats = await stat(root);
    return stats.isDirectory() ? stats.mode : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
