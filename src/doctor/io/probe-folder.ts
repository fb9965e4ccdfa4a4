import { randomBytes } from "node:crypto";
import { constants, type StatsFs } from "node:fs";
import { access, link, lstat, mkdir, readFile, rm, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncDirectory, writeNewFile } from "../../durable-file.ts";
import { UserError } from "../../errors.ts";
import { describeFileSystem } from "../../store/folder/file-system.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import { raceCreations } from "../../store/probe-creation.ts";
import { type Answer, given, type NoAnswer, notAsked } from "../answer.ts";
import type {
  FileSystemSighting,
  FolderObservations,
  FolderWriting,
  Presence,
} from "../folder-observations.ts";
import { probeRun } from "../run-name.ts";

/** As many as a bucket is tried with. */
const RACE_ATTEMPTS = 8;

export interface FolderTarget {
  /** Absolute. */
  readonly path: string;
  /** The store in the folder; undefined for the state directory, which holds plain files. */
  readonly store: ObjectStore | undefined;
  readonly writes: boolean;
  readonly nowMs: number;
}

/** Looks at a folder, or at where it would be made. A folder that is not there is not made. */
export async function probeFolder({ path, store, writes, nowMs }: FolderTarget): Promise<FolderObservations> {
  const presence = await seePresence(path);
  const mode = presence.kind === "there" ? (await stat(path)).mode : undefined;
  const run = probeRun(nowMs, randomBytes(6).toString("hex"));
  const write = (): Promise<FolderWriting> =>
    store === undefined ? writePlain(path, run.replace("/", "-")) : writeObjects(path, store, run);
  return {
    path,
    presence,
    mode,
    fileSystem: await orFailure(() => seeFileSystem(path)),
    writing: reasonNotToWrite(presence, mode, writes) ?? (await orFailure(write)),
  };
}

function reasonNotToWrite(
  presence: Presence,
  mode: number | undefined,
  writes: boolean,
): NoAnswer | undefined {
  if (!writes) return notAsked("nothing was to be written (--read-only)");
  if (presence.kind === "absent") return notAsked("the folder is not there yet, and was not made");
  if (mode !== undefined && (mode & 0o007) !== 0)
    return notAsked("nothing is written where everybody may look");
  return undefined;
}

async function seePresence(path: string): Promise<Presence> {
  for (let folder = path; ; folder = dirname(folder)) {
    try {
      const stats = await stat(folder);
      if (!stats.isDirectory()) return { kind: "unusable", message: `${folder} is no folder` };
      await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
      return { kind: folder === path ? "there" : "absent" };
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      if (code !== "ENOENT") return { kind: "unusable", message: `${folder} cannot be used (${code})` };
      // A link that leads nowhere cannot be made into a folder.
      const isLink = await lstat(folder).then(
        () => true,
        () => false,
      );
      if (isLink) return { kind: "unusable", message: `${folder} is a link that leads nowhere` };
    }
  }
}

async function seeFileSystem(path: string): Promise<FileSystemSighting> {
  const { kind, promise } = await describeFileSystem(path);
  const { bavail, blocks, bsize, ffree, files } = await statfsOfNearest(path);
  return {
    kind,
    promise,
    freeBytes: bavail * bsize,
    freePercent: blocks === 0 ? 0 : Math.floor((bavail / blocks) * 100),
    freeInodes: files === 0 ? undefined : ffree,
  };
}

async function statfsOfNearest(path: string): Promise<StatsFs> {
  for (let folder = path; ; folder = dirname(folder)) {
    try {
      return await statfs(folder);
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
      if (!isMissing || folder === dirname(folder)) throw error;
    }
  }
}

/** As the store does it: every file and folder is synced. */
async function writeObjects(path: string, store: ObjectStore, run: string): Promise<FolderWriting> {
  const key = `${run}/first`;
  const raced = `${run}/race`;
  const body = randomBytes(16);
  try {
    await store.create(key, body);
    const { mtimeMs } = await stat(join(path, key));
    const isSecondRefused = (await store.create(key, randomBytes(16))) === "exists";
    const { attempts, created } = await raceCreations(store, raced, RACE_ATTEMPTS);
    const listed: string[] = [];
    for await (const object of store.list(`${run}/`)) listed.push(object.key);
    return {
      isSecondRefused,
      race: { attempts, created },
      isRead: Buffer.compare(await store.read(key), body) === 0,
      isListed: listed.join() === [key, raced].join(),
      left: leftOf(await store.remove([key, raced])),
      clockAheadMs: mtimeMs - Date.now(),
    };
  } finally {
    await store.remove([key, raced]);
  }
}

function leftOf(failures: readonly { readonly key: string; readonly message: string }[]): readonly string[] {
  return failures.map(({ key, message }) => `${key} (${message})`);
}

/** The state directory's locks are made with link(2), its files with an exclusive open and a sync. */
async function writePlain(path: string, name: string): Promise<FolderWriting> {
  const folder = join(path, name);
  const first = join(folder, "first");
  const body = randomBytes(16);
  try {
    await mkdir(folder, { mode: 0o700 });
    await writeNewFile(first, body, 0o600);
    await syncDirectory(folder);
    const { mtimeMs } = await stat(first);
    const links = Array.from({ length: RACE_ATTEMPTS }, () =>
      succeeds(() => link(first, join(folder, "lock"))),
    );
    const created = (await Promise.all(links)).filter(Boolean).length;
    return {
      isSecondRefused: !(await succeeds(() => writeNewFile(first, body, 0o600))),
      race: { attempts: RACE_ATTEMPTS, created },
      isRead: Buffer.compare(await readFile(join(folder, "lock")), body) === 0,
      isListed: true,
      left: [],
      clockAheadMs: mtimeMs - Date.now(),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function succeeds(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function orFailure<Value>(work: () => Promise<Value>): Promise<Answer<Value>> {
  try {
    return given(await work());
  } catch (error) {
    const isTrouble = error instanceof UserError || (error instanceof Error && "syscall" in error);
    if (!isTrouble) throw error;
    return { kind: "failed", message: error.message, mayPass: true };
  }
}
