import { lstat, realpath, unlink } from "node:fs/promises";
import { connect } from "node:net";
import { basename, dirname, join } from "node:path";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import { withLock } from "../../lock-file.ts";

/** Of the socket: its owner and the group that may ask. */
const SOCKET_MODE = 0o660;

const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;

/**
 * Runs `act` while this process alone may make a socket at `path`. What a dead process left there is removed
 * before; throws UserError for one that is answered, for anything that is no socket, and for a folder in which
 * others could put theirs in its place.
 */
export async function withSocketPath<Result>(path: string, act: () => Promise<Result>): Promise<Result> {
  await checkFolder(dirname(path));
  // Between finding a dead socket and making a new one, another could do the same, and one of two be lost.
  return withLock(`${path}.lock`, `the custodian at ${path}`, async () => {
    await removeDead(path);
    return await act();
  });
}

/**
 * Makes the socket that `bind` binds usable for its owner and group and for nobody else, from its first moment on.
 * `bind` must have bound it when it returns, as `server.listen` with a path has.
 */
export function bindPrivately(bind: () => void): void {
  const before = process.umask(0o777 & ~SOCKET_MODE);
  try {
    bind();
  } finally {
    process.umask(before);
  }
}

/** The folder and those above it: who may rename or remove in one of them decides whose socket is found. */
async function checkFolder(folder: string): Promise<void> {
  let current = await realpath(folder).catch((error: unknown) => {
    throw unusable(folder, error);
  });
  for (let isFolderItself = true; ; isFolderItself = false) {
    const { mode, uid } = await lstat(current);
    const isOpen = (mode & WRITABLE_BY_OTHERS) !== 0 && (isFolderItself || (mode & STICKY) === 0);
    if (isOpen || (uid !== 0 && uid !== process.getuid?.())) {
      throw new UserError(
        `${folder} is no place for the custodian's socket: others than root and this user may change ${current}; make a folder of its own (RuntimeDirectory= in the systemd unit, or mkdir -m 750)`,
        exitCode.config,
      );
    }
    const above = dirname(current);
    if (above === current) return;
    current = above;
  }
}

async function removeDead(path: string): Promise<void> {
  // Where the folder's own name is a link it was followed and checked; the socket's is not.
  const place = join(await realpath(dirname(path)), basename(path));
  const found = await lstat(place).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new UserError(
      `${path} is there and is no socket; nothing was changed: remove it, or name another path`,
      exitCode.config,
    );
  }
  if (await isAnswered(place)) {
    throw new UserError(
      `something answers at ${path} already; end it first, or name another path`,
      exitCode.tryAgain,
    );
  }
  await unlink(place);
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    // Its process is gone. Whatever else it is, it is not known to be dead.
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "ECONNREFUSED"));
  });
}

function unusable(folder: string, error: unknown): UserError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
  return new UserError(
    `${folder} cannot hold the custodian's socket (${code}); make the folder first (RuntimeDirectory= in the systemd unit, or mkdir -m 750)`,
    exitCode.config,
    { cause: error },
  );
}
