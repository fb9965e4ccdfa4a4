import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Day } from "../../src/day.ts";
import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { batchesOf, type DayObject } from "../batches.ts";
import { compileClientTexts } from "../compile-client-texts.ts";
import { compileCount } from "../compile-count.ts";
import { compileQuery, type Scope } from "../compile-query.ts";
import type { CompiledQuery } from "../compiled-query.ts";
import { daysOf } from "../days.ts";
import { mentionsNetwork } from "../mentions-network.ts";
import type { QueryReport } from "../query-report.ts";
import type { Question } from "../question.ts";
import type { Row } from "../row.ts";
import { type MinuteCount, slicesOf } from "../slices.ts";
import { explainFailure } from "./explain-failure.ts";
import { fetchObjects } from "./fetch-objects.ts";
import { listObjects } from "./list-objects.ts";
import { type Engine, openEngine } from "./open-engine.ts";

export interface QueryPlace {
  readonly store: Pick<ObjectStore, "list" | "asFile" | "url">;
  /** A folder of this question's own, for copies of objects; what is made in it is removed again. */
  readonly scratchDirectory: string;
  readonly signal: AbortSignal;
  /** Days to look at, consecutive and ascending; by default exactly those that can hold an answer. */
  readonly days?: readonly Day[];
}

export interface QueryRun {
  /** The answer in its order. Nothing happens until it is asked for, and it can be asked for once. */
  readonly blocks: AsyncIterable<readonly Row[]>;
  /** What has been done so far. */
  report(): QueryReport;
}

/**
 * Bounds the files that one engine opens, and the disk that copies of objects take: a batch is removed before
 * the next is fetched. One day can be more.
 */
const BATCH_LIMITS = { objects: 500, bytes: 256 * 1024 * 1024 };

/** What is sorted at once: 100 MB at the 400 bytes that a row takes in the engine. */
const SLICE_ROWS_MAX = 250_000;

/** Beyond this the client's field holds no lists but something else, such as a new value for each request. */
const CLIENT_TEXTS_MAX = 50_000;

type Progress = { -readonly [Name in keyof QueryReport]: QueryReport[Name] };

/**
 * Answers a question from the objects of a store: lists only the days that can hold an answer, fetches their
 * objects batch by batch, and streams the rows in order. Memory is bounded, whatever the size of the answer.
 *
 * While it streams, it throws UserError for a sealed or damaged object, and for one that is removed while it
 * is read; one that is gone before it was fetched is named in the report. Whoever stops early leaves nothing
 * behind. On abort it throws the signal's reason.
 */
export function runQuery(question: Question, place: QueryPlace): QueryRun {
  const progress: Progress = {
    days: 0,
    objectsListed: 0,
    objectsOpened: 0,
    bytes: 0,
    rowsMatched: 0,
    rowsGiven: 0,
    unrecognised: [],
    vanished: [],
  };
  return { blocks: answer(question, place, progress), report: () => ({ ...progress }) };
}

async function* answer(
  question: Question,
  place: QueryPlace,
  progress: Progress,
): AsyncGenerator<readonly Row[], void, undefined> {
  const days = place.days ?? daysOf(question);
  const { objects, unrecognised } = await listObjects(place.store, days, place.signal);
  progress.days = days.length;
  progress.objectsListed = objects.length + unrecognised.length;
  progress.unrecognised = unrecognised;
  for (const [index, batch] of batchesOf(objects, BATCH_LIMITS).entries()) {
    const directory = join(place.scratchDirectory, `batch-${index}`);
    await mkdir(directory, { mode: 0o700 });
    try {
      yield* answerBatch(question, batch, { ...place, scratchDirectory: directory }, progress);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }
}

async function* answerBatch(
  question: Question,
  batch: readonly DayObject[],
  { store, scratchDirectory, signal }: QueryPlace,
  progress: Progress,
): AsyncGenerator<readonly Row[], void, undefined> {
  const fetched = await fetchObjects(store, batch, scratchDirectory, signal);
  const present = fetched.flatMap(({ object, path }) => (path === undefined ? [] : [{ path, ...object }]));
  const vanished = fetched.filter(({ path }) => path === undefined).map(({ object }) => object.key);
  progress.vanished = [...progress.vanished, ...vanished];
  if (present.length === 0) return;
  progress.objectsOpened += present.length;
  progress.bytes += present.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const files = present.map(({ path }) => path);
  const engine = await openEngine(files, signal);
  try {
    yield* answerFrom(engine, question, files, progress);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw await explainFailure({
      error,
      objects: present,
      rowsGiven: progress.rowsGiven,
      storeUrl: store.url,
      signal,
    });
  } finally {
    engine.close();
  }
}

/** Counts first, so that the answer can be cut into slices that fit into memory, and none is cut off in silence. */
async function* answerFrom(
  engine: Engine,
  question: Question,
  files: readonly string[],
  progress: Progress,
): AsyncGenerator<readonly Row[], void, undefined> {
  const scope: Scope = { files, clientTexts: await clientTextsOf(engine, question, files) };
  const counts: MinuteCount[] = [];
  for await (const rows of engine.rows(compileCount(question, scope))) {
    for (const [minute, lines] of rows) counts.push({ minute: Number(minute), rows: Number(lines) });
  }
  progress.rowsMatched += counts.reduce((sum, { rows }) => sum + rows, 0);
  for (const { fromMs, toMs } of slicesOf(counts, question, SLICE_ROWS_MAX)) {
    const limit = question.limit === undefined ? undefined : question.limit - progress.rowsGiven;
    if (limit === 0) return;
    yield* counted(engine, compileQuery({ ...question, fromMs, toMs, limit }, scope), progress);
  }
}

async function* counted(
  engine: Engine,
  query: CompiledQuery,
  progress: Progress,
): AsyncGenerator<readonly Row[], void, undefined> {
  for await (const rows of engine.rows(query)) {
    progress.rowsGiven += rows.length;
    yield rows;
  }
}

async function clientTextsOf(
  engine: Engine,
  question: Question,
  files: readonly string[],
): Promise<readonly string[]> {
  if (question.networks.length === 0) return [];
  const found: string[] = [];
  for await (const rows of engine.rows(compileClientTexts(question, files))) {
    for (const [text] of rows) {
      if (typeof text === "string" && mentionsNetwork(text, question.networks)) found.push(text);
    }
    if (found.length > CLIENT_TEXTS_MAX) {
      throw new UserError(
        `more than ${CLIENT_TEXTS_MAX} different client fields of one batch of objects name the network: ask for less time or a smaller network`,
        exitCode.usage,
      );
    }
  }
  return found;
}
