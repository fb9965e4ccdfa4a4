import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { syncDirectory, writeDurably, writeNewFile } from "../../src/durable-file.ts";
import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";
import { inParallel } from "../../src/in-parallel.ts";
import type { BatchRecord } from "../../src/ledger/record.ts";
import { sha256Hex } from "../../src/sha256.ts";

/**
 * Batches on their way to the store, as they will lie there. An entry counts once its record is there; from
 * then on it is sent as it lies, however often the process dies. One without a record is cut anew from the
 * source, which is still where it was.
 */
export interface Spool {
  readonly directory: string;
  /** Returns once the entry survives the loss of power. */
  add(entry: SpoolEntry): Promise<void>;
  /**
   * The records of the entries, oldest first. What has no record is removed. Throws a {@link UserError} with
   * `exitCode.integrity` that names the folder of an entry that is not as it was added.
   */
  records(): Promise<readonly BatchRecord[]>;
  /** Throws a {@link UserError} as {@link Spool.records} does when the object is not there. */
  readObject(batch: string, index: number): Promise<Uint8Array>;
  readManifest(batch: string): Promise<Uint8Array>;
  remove(batch: string): Promise<void>;
}

export interface SpoolEntry {
  readonly record: BatchRecord;
  /** In the order of the record's objects. */
  readonly objects: readonly Uint8Array[];
  readonly manifest: Uint8Array;
}

const RECORD = "record.json";
const MANIFEST = "manifest.json.gz";

/** How many files are written and synced at once. */
const WRITERS = 8;

export function createSpool(directory: string): Spool {
  const readPart = async (batch: string, file: string): Promise<Uint8Array> => {
    const folder = join(directory, batch);
    try {
      return await readFile(join(folder, file));
    } catch (error) {
      throw isMissing(error) ? damagedEntry(folder, error) : error;
    }
  };
  const spool: Spool = {
    directory,
    async add({ record, objects, manifest }) {
      const folder = join(directory, record.batch);
      await mkdir(directory, { recursive: true, mode: 0o700 });
      // What an earlier attempt left without a record counts for nothing.
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { mode: 0o700 });
      await inParallel(objects, WRITERS, (bytes, index) =>
        writeNewFile(join(folder, objectName(index)), bytes, 0o600),
      );
      await writeNewFile(join(folder, MANIFEST), manifest, 0o600);
      // The names of the files must not be lost behind a record that says they are there.
      await syncDirectory(folder);
      await syncDirectory(directory);
      await writeDurably(join(folder, RECORD), Buffer.from(JSON.stringify(record)), { mode: 0o600 });
    },
    async records() {
      const found: BatchRecord[] = [];
      for (const batch of await entriesOf(directory)) {
        const folder = join(directory, batch);
        const record = await readRecord(folder, batch);
        if (record === undefined) {
          await rm(folder, { recursive: true, force: true });
          continue;
        }
        await checkEntry(spool, record);
        found.push(record);
      }
      return found.sort((a, b) => Number(a.at > b.at) - Number(a.at < b.at));
    },
    readObject: (batch, index) => readPart(batch, objectName(index)),
    readManifest: (batch) => readPart(batch, MANIFEST),
    async remove(batch) {
      const folder = join(directory, batch);
      // The record first, and for good: an entry of which only the rest is left is no entry, but a record of
      // which only the rest is gone is a damaged one.
      await rm(join(folder, RECORD), { force: true });
      await syncDirectory(folder).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      });
      await rm(folder, { recursive: true, force: true });
    },
  };
  return spool;
}

/** Before anything of an entry is sent, all of it has been seen to be as it was. */
async function checkEntry(spool: Spool, { batch, objects, manifest }: BatchRecord): Promise<void> {
  let isWhole = sha256Hex(await spool.readManifest(batch)) === manifest.sha256;
  for (const [index, { sha256 }] of objects.entries()) {
    isWhole &&= sha256Hex(await spool.readObject(batch, index)) === sha256;
  }
  if (!isWhole) throw damagedEntry(join(spool.directory, batch));
}

function objectName(index: number): string {
  return `object-${index}`;
}

async function entriesOf(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function readRecord(folder: string, batch: string): Promise<BatchRecord | undefined> {
  try {
    const record = JSON.parse(await readFile(join(folder, RECORD), "utf8")) as BatchRecord | null;
    if (record?.kind === "batch" && record.batch === batch) return record;
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw damagedEntry(folder);
}

/**
 * What to do about an entry that the disk has damaged: its lines are still in their files, because nothing was
 * committed.
 */
export function damagedEntry(folder: string, cause?: unknown): UserError {
  return new UserError(
    `the spool entry ${folder} is damaged; the disk may be failing. Move the folder away and run again: its lines are read from their files anew.`,
    exitCode.integrity,
    { cause },
  );
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
