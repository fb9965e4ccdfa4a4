import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import type { DayObject } from "../batches.ts";
import { compileClientTexts } from "../compile-client-texts.ts";
import { compileCount } from "../compile-count.ts";
import { compileQuery, type Scope } from "../compile-query.ts";
import type { CompiledQuery } from "../compiled-query.ts";
import { mentionsNetwork } from "../mentions-network.ts";
import type { Question } from "../question.ts";
import type { Row } from "../row.ts";
import { type MinuteCount, slicesOf } from "../slices.ts";
import { explainFailure } from "./explain-failure.ts";
import { type Engine, openEngine } from "./open-engine.ts";

/** An object that lies in a local file. */
export interface PresentObject extends DayObject {
  readonly path: string;
}

export interface AnswerPlace {
  /** For messages. */
  readonly store: Pick<ObjectStore, "url">;
  readonly signal: AbortSignal;
}

/** What was found so far; it is counted on. */
export interface RowProgress {
  rowsMatched: number;
  rowsGiven: number;
}

/** What is sorted at once: 100 MB at the 400 bytes that a row takes in the engine. */
const SLICE_ROWS_MAX = 250_000;

/** Beyond this the client's field holds no lists but something else, such as a new value for each request. */
const CLIENT_TEXTS_MAX = 50_000;

/**
 * The rows of local Parquet files that answer a question, in its order, within what memory is there. Throws UserError for a
 * file that is damaged, or that goes while it is read.
 */
export async function* answerFiles(
  question: Question,
  present: readonly PresentObject[],
  { store, signal }: AnswerPlace,
  progress: RowProgress,
): AsyncGenerator<readonly Row[], void, undefined> {
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
  progress: RowProgress,
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
  progress: RowProgress,
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
