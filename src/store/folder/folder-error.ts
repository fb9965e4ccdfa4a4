import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";

const remedies: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full or has no inodes left; free some space, then try again",
  EDQUOT: "the disk quota is used up; free some space or raise the quota, then try again",
  EROFS: "the file system is mounted read-only; see the kernel's log for the reason, then remount it",
  EACCES: "permission denied; run hostlog as the user that owns the folder, or give that user the rights",
  EPERM: "the operation is not permitted; check the folder's owner, flags (lsattr) and mount options",
  EIO: "the disk reports an error; see the kernel's log, then try again",
  EMFILE: "too many files are open; raise the limit (LimitNOFILE, ulimit -n), then try again",
  ENFILE: "the machine has too many open files; try again when it has less to do",
  EXDEV: "the folder spans several file systems; keep everything below one root on one of them",
  ENOTDIR: "a file stands where a folder is needed; check the URL, and move the file away if it is not ours",
  ENAMETOOLONG: "the path is too long for the file system; put the root nearer to /",
  ESTALE: "the network file system lost the folder; remount it, then try again",
  ETIMEDOUT: "the network file system does not answer; try again when it does",
};

/**
 * What a system call on a folder store answered, for the person who can put it right. Anything that nobody
 * outside can put right (ENOENT, EBADF, no code at all) comes back as it is: a bug.
 */
export function folderError(error: unknown, url: string): unknown {
  const { code = "" } = error as NodeJS.ErrnoException;
  const remedy = remedies[code];
  if (remedy === undefined) return error;
  return new UserError(`${url}: ${remedy} (${code})`, exitCode.tryAgain, { cause: error });
}
