import { UserError } from "../../errors.ts";
import { type ExitCode, exitCode } from "../../exit-code.ts";
import { AccessDeniedError } from "../object-store.ts";

/**
 * The disk, the mount or the machine is in trouble: once that is over, the same command does it. A file system that
 * turned read-only is among them, since the kernel does that to a disk with errors; a supervisor that gave up
 * would leave logs unread after the repair.
 */
const passing: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full or has no inodes left; free some space, then try again",
  EDQUOT: "the disk quota is used up; free some space or raise the quota, then try again",
  EROFS: "the file system is mounted read-only; see the kernel's log for the reason, then remount it",
  EIO: "the disk reports an error; see the kernel's log, then try again",
  EMFILE: "too many files are open; raise the limit (LimitNOFILE, ulimit -n), then try again",
  ENFILE: "the machine has too many open files; try again when it has less to do",
  ESTALE: "the network file system lost the folder; remount it, then try again",
  ETIMEDOUT: "the network file system does not answer; try again when it does",
  ENOTCONN: "the program behind this mount (FUSE) has died; unmount and mount it, then try again",
  EUCLEAN: "the file system is damaged; unmount it and run fsck, then try again",
};

const denied: Readonly<Record<string, string>> = {
  EACCES: "permission denied; run hostlog as the user that owns the folder, or give that user the rights",
  EPERM: "the operation is not permitted; check the folder's owner, flags (lsattr) and mount options",
};

/** These stay until somebody changes what hostlog is told or given. */
const lasting: Readonly<Record<string, string>> = {
  ...denied,
  EXDEV: "the folder spans several file systems; keep everything below one root on one of them",
  ENOTDIR: "a file stands where a folder is needed; check the URL, and move the file away if it is not ours",
  ENAMETOOLONG: "the path is too long for the file system; put the root nearer to /",
  EFBIG:
    "an object is larger than the file system or the limit on files (LimitFSIZE, ulimit -f) allows; raise it, or use another file system",
};

/**
 * What a system call on a folder store answered, for the person who can put it right. Anything that nobody
 * outside can put right (ENOENT, EBADF, no code at all) comes back as it is: a bug. What passes is to be tried again
 * after (75), the rest to be corrected first (78). Source of the codes: errno(3).
 */
export function folderError(error: unknown, url: string): unknown {
  const { code = "" } = error as NodeJS.ErrnoException;
  return (
    userError(error, url, passing[code], exitCode.tryAgain) ??
    userError(error, url, lasting[code], exitCode.config) ??
    error
  );
}

/** The same for looking, reading and listing: what this user may not do is an {@link AccessDeniedError}, as on S3. */
export function folderReadError(error: unknown, url: string): unknown {
  const { code = "" } = error as NodeJS.ErrnoException;
  const explained = folderError(error, url);
  return denied[code] !== undefined && explained instanceof UserError
    ? new AccessDeniedError(explained.message, explained.exitCode, { cause: error })
    : explained;
}

function userError(
  cause: unknown,
  url: string,
  remedy: string | undefined,
  code: ExitCode,
): UserError | undefined {
  if (remedy === undefined) return undefined;
  const { code: systemCode } = cause as NodeJS.ErrnoException;
  return new UserError(`${url}: ${remedy} (${systemCode})`, code, { cause });
}
