import { lstat, mkdir, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { formatBytes } from "./format-bytes.ts";
import { type HeldFolder, openFolderIn, sweepFolders } from "./scratch-folder.ts";

/** What lies in it is in memory only, and is gone with the machine's power. */
export interface MemoryFolder extends HeldFolder {
  /** What could be written when it was opened. */
  readonly roomBytes: number;
}

/** `f_type` of file systems that lie in memory. Source: Linux include/uapi/linux/magic.h. */
const memoryFileSystems: ReadonlySet<number> = new Set([0x0102_1994, 0x8584_58f6]);

/** Others' programs need memory too, and the engine that reads what lies here. */
const MEMORY_SHARE = 0.5;

/**
 * A new folder that only this user can enter, in the first of `directories` that is memory-backed, has room for
 * `neededBytes`, and where nobody else can have prepared what is found there. All of it is removed by `close`,
 * when the process exits, and, where the process was killed, by the next that comes here.
 *
 * Returns why not, for people, where none of them will do.
 */
export async function openMemoryFolder(
  directories: readonly string[],
  purpose: string,
  neededBytes: number,
): Promise<MemoryFolder | { readonly unusableBecause: string }> {
  const reasons: string[] = [];
  for (const directory of directories) {
    try {
      const opened = await openIn(directory, purpose, neededBytes);
      if (typeof opened !== "string") return opened;
      reasons.push(opened);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      reasons.push(`${directory} cannot be used (${codeOf(error)})`);
    }
  }
  return { unusableBecause: reasons.length === 0 ? "no folder in memory is known" : reasons.join(", ") };
}

/** Removes from all of `directories` what this user's killed processes have left there. */
export async function sweepMemoryFolders(directories: readonly string[]): Promise<void> {
  for (const directory of directories) {
    try {
      const parent = ownFolderIn(directory);
      if ((await whyNotOwn(parent)) === undefined) await sweepFolders(parent);
    } catch {
      // Nothing was left where nothing can be looked at; a look-up that needs the folder says what is wrong.
    }
  }
}

async function openIn(
  directory: string,
  purpose: string,
  neededBytes: number,
): Promise<MemoryFolder | string> {
  const { type, bavail, bsize } = await statfs(directory);
  if (!memoryFileSystems.has(type)) return `${directory} is not in memory`;
  const { mode } = await stat(directory);
  // In a folder that others may write, only the sticky bit keeps them from putting theirs in the place of ours.
  if ((mode & 0o022) !== 0 && (mode & 0o1000) === 0) return `in ${directory} others can replace folders`;
  const roomBytes = Math.floor(Math.min(bavail * bsize, process.availableMemory() * MEMORY_SHARE));
  if (roomBytes < neededBytes) {
    return `${directory} has room for ${formatBytes(roomBytes)} and ${formatBytes(neededBytes)} are needed`;
  }
  const parent = ownFolderIn(directory);
  await mkdir(parent, { mode: 0o700 }).catch((error: unknown) => {
    if (!(error instanceof Error && codeOf(error) === "EEXIST")) throw error;
  });
  const reason = await whyNotOwn(parent);
  if (reason !== undefined) return reason;
  const folder = await openFolderIn(parent, purpose);
  return { ...folder, roomBytes };
}

/** Undefined for a folder that this user made for itself alone. */
async function whyNotOwn(path: string): Promise<string | undefined> {
  const stats = await lstat(path);
  if (!stats.isDirectory()) return `${path} is no folder`;
  if (stats.uid !== process.getuid?.()) return `${path} is another user's`;
  return (stats.mode & 0o077) === 0 ? undefined : `${path} is open to others`;
}

/** One for each user, as the folder around it is everybody's. */
function ownFolderIn(directory: string): string {
  return join(directory, `hostlog-${process.getuid?.() ?? 0}`);
}

function codeOf(error: Error): string {
  if ("code" in error) return String(error.code);
  return error.cause instanceof Error ? codeOf(error.cause) : error.message;
}
