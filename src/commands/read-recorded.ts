import { mkdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { AuditState } from "../audit/audit-state.ts";
import { flag, sha256StartOf } from "../audit/object-table.ts";
import {
  type ObjectPosition,
  type ReadFinding,
  type ReadProgress,
  type RecordedBytes,
  readStore,
} from "../audit/read-store.ts";
import { writeDurably } from "../durable-file.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { type View, views } from "../view.ts";
import type { Context } from "./context.ts";
import type { ReadShown } from "./render-audit.ts";

/** How often the place is noted from which another run goes on. */
const NOTE_EVERY_MS = 10_000;

interface Note {
  readonly version: 1;
  /** When the reading began of which this is a part, ISO 8601. */
  readonly since: string;
  readonly upTo: ObjectPosition;
  readonly objects: number;
  readonly sizeBytes: number;
  readonly findings: readonly ReadFinding[];
}

/**
 * Reads every object that is recorded and listed, and goes on from where an interrupted run of the same store has ended.
 * What was put into the store behind that place since is read too; what was put before it, by the next whole reading.
 */
export async function readRecorded(
  context: Context,
  storeId: string,
  stores: Readonly<Record<View, ObjectStore>>,
  state: AuditState,
): Promise<ReadShown> {
  const path = join(context.stateDirectory, "audit", `${storeId}.reading.json`);
  const note = await readNote(path);
  if (note !== undefined) {
    const { since, upTo, objects } = note;
    const place = `${upTo.view}/${upTo.key}`;
    context.stderr.write(`goes on behind ${place}, ${objects} objects were read since ${since}\n`);
  }
  const since = note?.since ?? new Date(context.nowMs).toISOString();
  const withEarlier = ({ objects, sizeBytes, findings }: ReadProgress): Omit<ReadShown, "isDone"> => ({
    objects: objects + (note?.objects ?? 0),
    sizeBytes: sizeBytes + (note?.sizeBytes ?? 0),
    findings: [...(note?.findings ?? []), ...findings],
  });
  let last: ReadProgress | undefined;
  let notedMs = performance.now();
  let noting: Promise<void> = Promise.resolve();
  const put = async (progress: ReadProgress): Promise<void> => {
    const upTo = progress.upTo ?? note?.upTo;
    if (upTo !== undefined) await writeNote(path, { version: 1, since, upTo, ...withEarlier(progress) });
  };
  try {
    const result = await readStore({
      stores,
      expected: recordedBytes(stores, state),
      resumeAfter: note?.upTo,
      signal: context.signal,
      onProgress(progress) {
        last = progress;
        if (performance.now() - notedMs < NOTE_EVERY_MS) return;
        notedMs = performance.now();
        noting = noting.then(() => put(progress));
        // What fails here fails below too, where it is said.
        noting.catch(() => undefined);
      },
    });
    await noting;
    if (result.isDone) await rm(path, { force: true });
    else await put(result);
    return { ...withEarlier(result), isDone: result.isDone };
  } catch (error) {
    await noting.catch(() => undefined);
    if (last !== undefined) await put(last).catch(() => undefined);
    throw error;
  }
}

/** What is listed, recorded and not destroyed, in the order of views and keys. */
async function* recordedBytes(
  stores: Readonly<Record<View, ObjectStore>>,
  { objects }: AuditState,
): AsyncGenerator<RecordedBytes> {
  for (const view of views) {
    for await (const { key } of stores[view].list("")) {
      const index = objects.find(view, key);
      if (index === -1) continue;
      const { flags, sizeBytes } = objects.columns;
      const isThere = ((flags[index] as number) & (flag.recorded | flag.consumed)) === flag.recorded;
      if (!isThere) continue;
      const sha256 = sha256StartOf(objects.columns, index);
      yield { view, key, sizeBytes: sizeBytes[index] as number, sha256 };
    }
  }
}

async function readNote(path: string): Promise<Note | undefined> {
  try {
    const note = JSON.parse(await readFile(path, "utf8")) as Partial<Note> | null;
    const isNote = note?.version === 1 && typeof note.upTo?.key === "string" && Array.isArray(note.findings);
    return isNote ? (note as Note) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

async function writeNote(path: string, note: Note): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeDurably(path, Buffer.from(`${JSON.stringify(note)}\n`), { mode: 0o600 });
}
