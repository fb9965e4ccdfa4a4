import { statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";

export interface FileSystem {
  readonly kind: "local" | "nfs" | "smb" | "fuse" | "memory" | "unknown";
  /** What a folder store on it can promise and what it cannot: one or two sentences for an operator. */
  readonly promise: string;
}

const LOCAL =
  "Created objects survive a power loss, as far as the disk does not lie about what it has written.";
const MEMORY = "This file system is gone with the next restart; no log belongs there.";

const local: FileSystem = { kind: "local", promise: LOCAL };
const memory: FileSystem = { kind: "memory", promise: MEMORY };
const overlay: FileSystem = {
  kind: "local",
  promise: "This is a layer of a container and gone with it, if it is the container's own: mount a volume.",
};
const nfs: FileSystem = {
  kind: "nfs",
  promise:
    "An object is created once, also from several machines, if the server has hard links. Created objects survive a power loss if the server exports with sync. Another machine's listing may lag behind by the mount's acdirmax (60 s by default; actimeo=0 or noac ends that), and an object that is removed while it is read stays on the disk until the reader is done.",
};
const smb: FileSystem = {
  kind: "smb",
  promise:
    "The server decides who may read, not the modes of files. Folders cannot be synced, so a name may be lost in a power loss of the server. Use it for analytics at most.",
};
const fuse: FileSystem = {
  kind: "fuse",
  promise:
    "What a sync, a link and a rename mean is up to the program behind this mount; those that stand before an object store (s3fs, gcsfuse, rclone) promise none of it. For S3 write s3://bucket/prefix.",
};
const unknown: FileSystem = {
  kind: "unknown",
  promise: "Nothing is known of this kind of file system; created objects last as long as its syncs do.",
};

/** Source: statfs(2) and linux/magic.h; CIFS and SMB2 also Linux fs/smb/client/cifsglob.h. */
const byType: ReadonlyMap<number, FileSystem> = new Map([
  [0xef53, local], // ext2, ext3, ext4
  [0x58465342, local], // XFS
  [0x9123683e, local], // Btrfs
  [0x2fc12fc1, local], // ZFS
  [0xf2f52010, local], // F2FS
  [0xca451a4e, local], // bcachefs
  [0x3153464a, local], // JFS
  [0x52654973, local], // ReiserFS
  [0x2011bab0, local], // exFAT
  [0x4d44, local], // FAT
  [0x794c7630, overlay],
  [0x01021994, memory], // tmpfs
  [0x858458f6, memory], // ramfs
  [0x6969, nfs],
  [0x517b, smb],
  [0xff534d42, smb], // CIFS
  [0xfe534d42, smb], // SMB2 and later
  [0x65735546, fuse],
]);

/** The file system that a folder lies on or, if it does not exist yet, will lie on. Throws the system's error. */
export async function describeFileSystem(path: string): Promise<FileSystem> {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    try {
      const { type } = await statfs(folder);
      return fileSystemOf(type);
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
      if (!isMissing || folder === dirname(folder)) throw error;
    }
  }
}

/** By the number that statfs(2) gives; 32-bit systems give the greater ones as negative. */
export function fileSystemOf(type: number): FileSystem {
  return byType.get(type >>> 0) ?? unknown;
}
