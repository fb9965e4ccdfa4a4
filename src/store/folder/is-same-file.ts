import { lstat } from "node:fs/promises";

/** What makes a file the same under all its names. */
export interface FileIdentity {
  readonly device: bigint;
  readonly inode: bigint;
}

/** Undefined when nothing is to be found out, whatever the reason. A link is looked at itself. */
export async function identityOf(path: string): Promise<FileIdentity | undefined> {
  try {
    // A number would round the inodes of large network file systems.
    const { dev, ino } = await lstat(path, { bigint: true });
    return { device: dev, inode: ino };
  } catch {
    return undefined;
  }
}

/** True when `path` is a name of that very file. */
export async function isSameFile(identity: FileIdentity | undefined, path: string): Promise<boolean> {
  const found = await identityOf(path);
  return (
    identity !== undefined &&
    found !== undefined &&
    found.device === identity.device &&
    found.inode === identity.inode
  );
}
