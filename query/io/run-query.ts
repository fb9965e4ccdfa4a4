import type { Day } from "../../src/day.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { batchesOf, type DayObject, dayBytesMax } from "../batches.ts";
import { daysOf } from "../days.ts";
import type { QueryReport } from "../query-report.ts";
import type { Question } from "../question.ts";
import type { Row } from "../row.ts";
import { answerFiles, type PresentObject } from "./answer-files.ts";
import { bringObjects, isSealed } from "./bring-objects.ts";
import { listObjects } from "./list-objects.ts";
import type { BroughtObject } from "./open-sealed.ts";
import { openUnsealing, type Unsealing, type UnsealPlace } from "./unsealing.ts";

export interface QueryPlace extends UnsealPlace {
  readonly store: Pick<ObjectStore, "list" | "asFile" | "read" | "url">;
  /** A folder of this question's own, for copies of plain objects; what is made in it is removed again. */
  readonly scratchDirectory: string;
  readonly signal: AbortSignal;
  /** Days to look at, consecutive and ascending; by default exactly those that can hold an answer. */
  readonly days?: readonly Day[];
  /** Sealed objects of more bytes are read in part where that is enough; for tests and measurements. */
  readonly partsAboveBytes?: number;
}

export interface QueryRun {
  /** The answer in its order. Nothing happens until it is asked for, and it can be asked for once. */
  readonly blocks: AsyncIterable<readonly Row[]>;
  /** What has been done so far. */
  report(): QueryReport;
}

/**
 * Bounds the files that one engine opens, and the disk or memory that copies of objects take: a batch is removed
 * before the next is fetched. One day can be more.
 */
const BATCH_LIMITS = { objects: 500, bytes: 256 * 1024 * 1024 };

/** Below this an object is fetched sooner than it can be found out what to fetch of it. */
const PARTS_ABOVE_BYTES = 1024 * 1024;

type Progress = { -readonly [Name in keyof QueryReport]: QueryReport[Name] };

/**
 * Answers a question from the objects of a store: lists only the days that can hold an answer, fetches their
 * objects batch by batch, and streams the rows in order. Memory is bounded, whatever the size of the answer.
 *
 * Sealed objects are opened by the custodian's leave, which is asked for only where one is met. While it streams,
 * it throws UserError for an object that is damaged or does not open, and for one that is removed while it is
 * read; one that is gone before it was fetched, or whose key is gone, is named in the report. Whoever stops early
 * leaves nothing behind. On abort it throws the signal's reason.
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
    destroyed: [],
    keyless: [],
  };
  return { blocks: answer(question, place, progress), report: () => ({ ...progress }) };
}

async function* answer(
  question: Question,
  place: QueryPlace,
  progress: Progress,
): AsyncGenerator<readonly Row[], void, undefined> {
  const days = place.days ?? daysOf(question);
  const listing = await listObjects(place.store, question.view, days, place.signal);
  const { unrecognised } = listing;
  const objects = question.hold === undefined ? listing.objects : listing.copiesFor(question.hold);
  progress.days = days.length;
  progress.objectsListed = objects.length + unrecognised.length;
  progress.unrecognised = unrecognised;
  const neededBytes = dayBytesMax(objects.filter(isSealed));
  const unsealing = objects.some(isSealed) ? await openUnsealing(place, neededBytes) : undefined;
  try {
    // A batch is closed once it is over its limit, so it can be larger by a day.
    const roomBytes = (unsealing?.folder.roomBytes ?? Infinity) - neededBytes;
    const limits = { ...BATCH_LIMITS, bytes: Math.max(0, Math.min(BATCH_LIMITS.bytes, roomBytes)) };
    for (const [index, batch] of batchesOf(objects, limits).entries()) {
      yield* answerBatch(
        question,
        { objects: batch, name: `batch-${index}` },
        { ...place, unsealing },
        progress,
      );
    }
  } finally {
    await unsealing?.close();
  }
}

interface UnsealingPlace extends QueryPlace {
  /** Undefined where no object is sealed. */
  readonly unsealing: Unsealing | undefined;
}

interface Batch {
  readonly objects: readonly DayObject[];
  readonly name: string;
}

async function* answerBatch(
  question: Question,
  batch: Batch,
  { store, scratchDirectory, unsealing, partsAboveBytes = PARTS_ABOVE_BYTES, signal }: UnsealingPlace,
  progress: Progress,
): AsyncGenerator<readonly Row[], void, undefined> {
  const { rowsGiven } = progress;
  const purpose = { purpose: "query" } as const;
  const source = { view: "raw", store, purpose, question, partsAboveBytes, rowsGiven, signal } as const;
  const sealed =
    unsealing === undefined ? undefined : { ...source, ...unsealing, directory: unsealing.folder.path };
  const brought = await bringObjects({ store, scratchDirectory, sealed, signal }, batch.objects, batch.name);
  try {
    const present = noteBrought(brought.objects, progress);
    if (present.length > 0) yield* answerFiles(question, present, { store, signal }, progress);
  } finally {
    await brought.remove();
  }
}

/** Counts what was brought and what was not, and returns the files. */
function noteBrought(brought: readonly BroughtObject[], progress: Progress): readonly PresentObject[] {
  const keysOf = (kind: BroughtObject["kind"]): readonly string[] =>
    brought.filter((one) => one.kind === kind).map(({ object }) => object.key);
  progress.vanished = [...progress.vanished, ...keysOf("vanished")];
  progress.destroyed = [...progress.destroyed, ...keysOf("destroyed")];
  progress.keyless = [...progress.keyless, ...keysOf("no-key")];
  const files = brought.filter((one) => one.kind === "file");
  progress.objectsOpened += files.length;
  progress.bytes += files.reduce((sum, { bytesRead }) => sum + bytesRead, 0);
  return files.map(({ object, path }) => ({ path, ...object }));
}
