import type { FileHandle } from "node:fs/promises";
import { join, resolve } from "node:path";
import { checkKey, checkRange } from "./check-key.ts";
import { againWhenStale } from "./folder/again-when-stale.ts";
import { checkRoot } from "./folder/check-root.ts";
import { createFile } from "./folder/create-file.ts";
import { createFileDigester, type FileDigester } from "./folder/file-digester.ts";
import { openFile } from "./folder/find-file.ts";
import { folderError, folderReadError } from "./folder/folder-error.ts";
import { prepareRoot, removeLeftOvers } from "./folder/partial-folder.ts";
import { type PublishFile, publishFile } from "./folder/publish-file.ts";
import { removeFiles } from "./folder/remove-files.ts";
import { walkFolder } from "./folder/walk-folder.ts";
import { type ByteRange, ObjectNotFoundError, type ObjectStore } from "./object-store.ts";

/** All folders of the process have the same threads: they are read one after the other. */
const sharedDigester = createFileDigester();

/**
 * Objects as files below `root`, with the key as the path. Files are 0600 and folders 0700. A root that
 * does not exist holds nothing; the first `create` makes it. What is no regular file is never listed,
 * followed, opened or removed. One key cannot be the folder of another: such a `create` throws.
 *
 * A root into which every user of the machine may look is a UserError at the first use, also for reading.
 * Trouble with the disk is a UserError to try again after, what only a change of rights or of the folder ends is
 * one of the config, and neither leaves a partial object. What may not be read is an AccessDeniedError. `publish` is for
 * tests of file systems without hard links, `digester` for those of threads.
 */
export function createFolderStore(
  root: string,
  url: string,
  publish: PublishFile = publishFile,
  digester: FileDigester = sharedDigester,
): ObjectStore {
  const base = resolve(root);
  let isChecked = false;
  let isPrepared = false;

  const check = async (): Promise<void> => {
    isChecked ||= await checkRoot(base, url);
  };

  const looked = <T>(work: () => Promise<T>): Promise<T> =>
    explained(folderReadError, url, async () => {
      await check();
      return await againWhenStale(work);
    });

  const opened = <T>(key: string, use: (handle: FileHandle) => Promise<T> | T): Promise<T> =>
    looked(async () => {
      checkKey(key);
      const handle = await openFile(base, key);
      if (handle === undefined) throw new ObjectNotFoundError(key, url);
      try {
        return await use(handle);
      } finally {
        await handle.close();
      }
    });

  return {
    url,

    create: (key, body) =>
      explained(folderError, url, async () => {
        checkKey(key);
        await check();
        if (!isPrepared) await prepareRoot(base, Date.now());
        isPrepared = true;
        return createFile(base, key, body, publish);
      }),

    read: (key, range) => opened(key, (handle) => readRange(handle, key, range)),

    asFile: (key) => opened(key, () => join(base, key)),

    digest: (key) =>
      looked(async () => {
        checkKey(key);
        const digest = await digester.digest(base, key);
        if (digest === undefined) throw new ObjectNotFoundError(key, url);
        return digest;
      }),

    async *list(prefix, { startAfter = "", onForeign } = {}) {
      try {
        await check();
        for await (const objects of walkFolder(base, { prefix, startAfter, onForeign })) yield* objects;
      } catch (error) {
        throw folderReadError(error, url);
      }
    },

    /** A folder has one version of a file; what a process that died left half written has no key. */
    async *listHidden() {},

    remove: (keys) =>
      explained(folderError, url, async () => {
        for (const key of keys) checkKey(key);
        await check();
        const failures = await removeFiles(base, keys, (error) => messageOf(folderError(error, url)));
        // Also when there are no keys: it is for this that a purge asks where nothing is due.
        await removeLeftOvers(base, Date.now());
        return failures;
      }),

    clockMs,
  };
}

/** Its clock is this machine's, or that of a file server, which says so only of files. */
function clockMs(): Promise<undefined> {
  return Promise.resolve(undefined);
}

async function explained<T>(explain: typeof folderError, url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw explain(error, url);
  }
}

/** The whole file without a range. */
async function readRange(handle: FileHandle, key: string, range: ByteRange | undefined): Promise<Uint8Array> {
  const { size } = await handle.stat();
  const { start, end } = range ?? { start: 0, end: size };
  checkRange({ start, end }, key, size);
  const bytes = new Uint8Array(end - start);
  let length = 0;
  while (length < bytes.length) {
    const { bytesRead } = await handle.read(bytes, length, bytes.length - length, start + length);
    if (bytesRead === 0) throw new Error(`the file ended ${bytes.length - length} bytes early`);
    length += bytesRead;
  }
  return bytes;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
