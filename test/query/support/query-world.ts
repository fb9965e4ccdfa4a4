import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type QueryPlace, type QueryRun, runQuery } from "../../../query/io/run-query.ts";
import type { QueryReport } from "../../../query/query-report.ts";
import type { Question } from "../../../query/question.ts";
import { type AskedQuestion, readColumns, readQuestion } from "../../../query/read-question.ts";
import type { Row } from "../../../query/row.ts";
import { dayOfMs } from "../../../src/day.ts";
import { formatKey } from "../../../src/partition.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { createMemoryStore } from "../../support/memory-store.ts";
import { type ParquetRow, parquetRows, rawRow } from "../../support/parquet-rows.ts";

export interface Answer {
  readonly rows: readonly Row[];
  readonly report: QueryReport;
}

/** For questions that meet nothing sealed: whoever asks for a key or a folder has made a mistake. */
export const nothingSealed: Pick<QueryPlace, "custodian" | "openedFolder"> = {
  custodian: () => Promise.reject(new Error("nothing sealed was to be met")),
  openedFolder: () => Promise.reject(new Error("nothing sealed was to be met")),
};

/** A store whose every call can be counted. */
export interface CountingStore extends ObjectStore {
  readonly calls: { list: number; asFile: number };
}

function countingStore(store: ObjectStore): CountingStore {
  const calls = { list: 0, asFile: 0 };
  return {
    ...store,
    calls,
    list(prefix, options) {
      calls.list++;
      return store.list(prefix, options);
    },
    asFile(key, directory) {
      calls.asFile++;
      return store.asFile(key, directory);
    },
  };
}

export function createTestStore(): CountingStore {
  return countingStore(createMemoryStore("memory://raw"));
}

let batches = 0;

export function testKey(ms: number, isSealed = false): string {
  const batch = (++batches).toString(16).padStart(32, "0");
  return formatKey({ day: dayOfMs(ms), node: "web1", retentionClass: "standard", batch, isSealed });
}

/** Stores raw rows, each in an object of its own day. Returns the keys. */
export async function putRaw(store: ObjectStore, rows: readonly ParquetRow[]): Promise<readonly string[]> {
  const keys: string[] = [];
  for (const group of groupByDay(rows).values()) {
    const key = testKey(Number(group[0]?.["time"]));
    await store.create(key, await parquetRows(group.map(rawRow)));
    keys.push(key);
  }
  return keys;
}

function groupByDay(rows: readonly ParquetRow[]): Map<string, ParquetRow[]> {
  const groups = new Map<string, ParquetRow[]>();
  for (const row of rows) {
    const day = dayOfMs(Number(row["time"]));
    groups.set(day, [...(groups.get(day) ?? []), row]);
  }
  return groups;
}

const nothingAsked: AskedQuestion = {
  view: "raw",
  domain: [],
  address: [],
  path: [],
  status: [],
  method: [],
};

/** A question as people ask it; `columns` as `--columns` takes them. */
export function questionOf(
  asked: Partial<AskedQuestion> & { readonly columns?: string; readonly limit?: number },
  nowMs: number,
): Question {
  const { columns = "path", limit, ...rest } = asked;
  const all = { ...nothingAsked, ...rest };
  return readQuestion(all, { nowMs, zone: "UTC", limit, columns: readColumns(columns, all.view) }).question;
}

/** Asks, and sees to it that nothing is left behind, also by a question that fails. */
export async function ask(
  store: QueryPlace["store"],
  question: Question,
  place: Partial<Omit<QueryPlace, "store" | "scratchDirectory">> = {},
): Promise<Answer> {
  const scratchDirectory = await mkdtemp(join(tmpdir(), "hostlog-test-"));
  try {
    const run = runQuery(question, {
      signal: new AbortController().signal,
      ...nothingSealed,
      ...place,
      store,
      scratchDirectory,
    });
    const [outcome] = await Promise.allSettled([rowsOf(run)]);
    const leftOver = await readdir(scratchDirectory);
    if (leftOver.length > 0) throw new Error(`left behind: ${leftOver.join(", ")}`);
    if (outcome.status === "rejected") throw outcome.reason;
    return { rows: outcome.value, report: run.report() };
  } finally {
    await rm(scratchDirectory, { recursive: true, force: true });
  }
}

async function rowsOf({ blocks }: QueryRun): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for await (const block of blocks) rows.push(...block);
  return rows;
}
