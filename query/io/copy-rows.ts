import type { Network } from "../../src/address.ts";
import type { OpenRequest } from "../../src/custodian/custodian.ts";
import { addDays, type Day, startMs } from "../../src/day.ts";
import { encodeParquet } from "../../src/parquet/encode-parquet.ts";
import { rawSchema } from "../../src/schema/raw-schema.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import type { DayObject } from "../batches.ts";
import type { DomainFilter } from "../domain-filter.ts";
import { portionsOf } from "../portions.ts";
import type { Question } from "../question.ts";
import { createRawTable, type RawTable, wholeRow } from "../raw-table.ts";
import { answerFiles } from "./answer-files.ts";
import { bringObjects } from "./bring-objects.ts";
import type { BroughtObject } from "./open-sealed.ts";
import type { Unsealing } from "./unsealing.ts";

/** Which rows of a day are copied: those that fit one of the domains and one of the networks, where there are any. */
export interface CopyWish {
  readonly day: Day;
  /** Of raw, of this day; in ascending order of their keys. */
  readonly objects: readonly DayObject[];
  readonly domains: readonly DomainFilter[];
  readonly networks: readonly Network[];
  /** With so many rows a file is written; by default most days have fewer, and get one. */
  readonly fileRows?: number;
}

export interface CopyPlace {
  readonly store: Pick<ObjectStore, "asFile" | "read" | "url">;
  /** Undefined where no object is sealed. */
  readonly unsealing: Unsealing | undefined;
  readonly purpose: Pick<OpenRequest, "purpose" | "case">;
  /** A folder of this copying's own, for copies of plain objects; what is made in it is removed again. */
  readonly scratchDirectory: string;
  /** Key-value metadata of the Parquet file. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** What was found in some of the objects. Every object is in exactly one list of one answer. */
export interface CopiedRows {
  /** Keys of the objects that were looked through, in ascending order. */
  readonly lookedThrough: readonly string[];
  /** Keys of objects that were not: their key was destroyed, is lost, or they were removed meanwhile. */
  readonly destroyed: readonly string[];
  readonly keyless: readonly string[];
  readonly vanished: readonly string[];
  readonly rows: number;
  /** A Parquet file with the schema of raw, the caller's to overwrite; undefined when no row fits. */
  readonly parquet: Uint8Array | undefined;
}

/**
 * What is opened at once. Rows of one site that are much alike take 10 bytes each in an object, and some 350 here until
 * they are written: this is 300 MB of them.
 */
export const COPY_BYTES_MAX = 8 * 1024 * 1024;

/** Each is a file that the engine opens, however small it is. */
const COPY_OBJECTS_MAX = 500;

/** Some 100 MB in memory. */
const FILE_ROWS = 250_000;

/** Of larger objects only the parts that can hold rows of the domains are read. */
const PARTS_ABOVE_BYTES = 1024 * 1024;

/**
 * Copies rows of raw, values unchanged to the byte. The same rows give the same file, whatever objects they come from.
 * Throws UserError for an object that is damaged or does not open. Memory is bounded whatever the day holds.
 */
export async function* copyRows(
  wish: CopyWish,
  place: CopyPlace,
): AsyncGenerator<CopiedRows, void, undefined> {
  const question = questionOf(wish);
  let table = createRawTable();
  let brought: BroughtObject[] = [];
  const weightOf = ({ sizeBytes }: DayObject): number =>
    Math.max(sizeBytes, COPY_BYTES_MAX / COPY_OBJECTS_MAX);
  for (const portion of portionsOf(wish.objects, weightOf, COPY_BYTES_MAX)) {
    brought.push(...(await gather(question, portion, place, table)));
    if (table.rows < (wish.fileRows ?? FILE_ROWS)) continue;
    yield copied(brought, table, place);
    table = createRawTable();
    brought = [];
  }
  if (brought.length > 0) yield copied(brought, table, place);
}

/** Puts the rows of these objects into the table, and tells what became of each object. */
async function gather(
  question: Question,
  objects: readonly DayObject[],
  { store, unsealing, purpose, scratchDirectory, signal }: CopyPlace,
  table: RawTable,
): Promise<readonly BroughtObject[]> {
  signal.throwIfAborted();
  const source = { view: "raw", store, purpose, question, rowsGiven: 0, signal } as const;
  const sealed =
    unsealing === undefined
      ? undefined
      : { ...source, ...unsealing, partsAboveBytes: PARTS_ABOVE_BYTES, directory: unsealing.folder.path };
  const brought = await bringObjects({ store, scratchDirectory, sealed, signal }, objects, "copy");
  try {
    const present = brought.objects.flatMap((one) =>
      one.kind === "file" ? [{ ...one.object, path: one.path }] : [],
    );
    if (present.length === 0) return brought.objects;
    const progress = { rowsMatched: 0, rowsGiven: 0 };
    for await (const rows of answerFiles(question, present, { store, signal }, progress)) table.append(rows);
    return brought.objects;
  } finally {
    await brought.remove();
  }
}

function copied(brought: readonly BroughtObject[], table: RawTable, { metadata }: CopyPlace): CopiedRows {
  const keysOf = (kind: BroughtObject["kind"]): readonly string[] =>
    brought.filter((one) => one.kind === kind).map(({ object }) => object.key);
  return {
    lookedThrough: keysOf("file"),
    destroyed: keysOf("destroyed"),
    keyless: keysOf("no-key"),
    vanished: keysOf("vanished"),
    rows: table.rows,
    parquet:
      table.rows === 0
        ? undefined
        : encodeParquet({ schema: rawSchema, columns: table.columns(), rows: table.order(), metadata }),
  };
}

function questionOf({ day, domains, networks }: CopyWish): Question {
  return {
    view: "raw",
    fromMs: startMs(day),
    toMs: startMs(addDays(day, 1)),
    domains,
    networks,
    paths: [],
    statuses: [],
    methods: [],
    agent: undefined,
    limit: undefined,
    columns: wholeRow,
  };
}
