import { open, readFile, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Day } from "../day.ts";
import { writeDurably } from "../durable-file.ts";
import type { ChainHead } from "../ledger/chain.ts";
import type { RecordedObject } from "../ledger/record.ts";
import { sha256Hex } from "../sha256.ts";
import { type View, views } from "../view.ts";

/** What of a record's objects is noted. */
export type NotedObject = Pick<RecordedObject, "view" | "key" | "rows" | "sizeBytes" | "sha256">;

/**
 * Files of the objects that chains record, one for each day, and up to where of each chain they go. A cache: what of it does
 * not fit is thrown away, and made anew from the chains.
 */
export interface RecordedDays {
  /** Up to where the files go. */
  readonly heads: ReadonlyMap<string, ChainHead>;
  /** Returns once the files and the heads survive the loss of power. */
  add(
    objects: ReadonlyMap<Day, readonly NotedObject[]>,
    heads: ReadonlyMap<string, ChainHead>,
  ): Promise<void>;
  /** Undefined when the file of the day is not as it was written. */
  read(day: Day): Promise<readonly NotedObject[] | undefined>;
  clear(): Promise<void>;
}

const HEADS = "heads.json";

const digest = z.string().regex(/^[0-9a-f]{64}$/);

const savedSchema = z.strictObject({
  version: z.literal(1),
  chains: z.record(
    z.string(),
    z.strictObject({ sequence: z.int().nonnegative(), sha256: digest, isSigned: z.boolean().optional() }),
  ),
  /** The size of each day's file, and a hash of its lines: of the hash before and the line, for each line. */
  days: z.record(z.string(), z.strictObject({ sizeBytes: z.int().nonnegative(), sha256: digest })),
});

type Saved = z.infer<typeof savedSchema>;

const lineSchema = z.array(
  z.tuple([z.enum(views), z.string(), z.int().nonnegative(), z.int().nonnegative(), digest]),
);

const noLines = "0".repeat(64);

/** `folder` is there, and belongs to one store and one process at a time. */
export async function openRecordedDays(folder: string): Promise<RecordedDays> {
  let saved = (await readSaved(folder)) ?? nothing();
  const fileOf = (day: string): string => join(folder, `${day}.ndjson`);

  /** Writes one line behind what counts of the file: what a killed process wrote more of it does not. */
  const append = async (day: Day, objects: readonly NotedObject[]): Promise<Saved["days"][string]> => {
    const { sizeBytes, sha256 } = saved.days[day] ?? { sizeBytes: 0, sha256: noLines };
    const line = JSON.stringify(objects.map(toTuple));
    const bytes = Buffer.from(`${line}\n`);
    const handle = await open(fileOf(day), "a", 0o600);
    try {
      await handle.truncate(sizeBytes);
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return { sizeBytes: sizeBytes + bytes.length, sha256: sha256Hex(`${sha256}${line}`) };
  };

  return {
    get heads() {
      return new Map(Object.entries(saved.chains).map(([chain, head]) => [chain, headFrom(head)]));
    },
    async add(objects, heads) {
      const days = { ...saved.days };
      for (const [day, added] of objects) days[day] = await append(day, added);
      const next: Saved = { version: 1, chains: Object.fromEntries(heads), days };
      await writeDurably(join(folder, HEADS), Buffer.from(`${JSON.stringify(next)}\n`), { mode: 0o600 });
      saved = next;
    },
    async read(day) {
      const expected = saved.days[day];
      if (expected === undefined) return [];
      return readDay(fileOf(day), expected);
    },
    async clear() {
      await rm(join(folder, HEADS), { force: true });
      for (const day of Object.keys(saved.days)) await rm(fileOf(day), { force: true });
      saved = nothing();
    },
  };
}

function nothing(): Saved {
  return { version: 1, chains: {}, days: {} };
}

async function readSaved(folder: string): Promise<Saved | undefined> {
  const parsed = savedSchema.safeParse(jsonOf(await textOf(join(folder, HEADS))));
  if (!parsed.success) return undefined;
  for (const [day, { sizeBytes }] of Object.entries(parsed.data.days)) {
    const size = await sizeOf(join(folder, `${day}.ndjson`));
    if (size === undefined || size < sizeBytes) return undefined;
  }
  return parsed.data;
}

async function readDay(
  file: string,
  { sizeBytes, sha256 }: Saved["days"][string],
): Promise<readonly NotedObject[] | undefined> {
  await truncate(file, sizeBytes).catch(() => undefined);
  const text = (await textOf(file)) ?? "";
  if (Buffer.byteLength(text) !== sizeBytes) return undefined;
  const objects: NotedObject[] = [];
  let hash = noLines;
  for (const line of text.split("\n").slice(0, -1)) {
    hash = sha256Hex(`${hash}${line}`);
    const parsed = lineSchema.safeParse(jsonOf(line));
    if (!parsed.success) return undefined;
    for (const tuple of parsed.data) objects.push(fromTuple(tuple));
  }
  return hash === sha256 ? objects : undefined;
}

type Tuple = readonly [View, string, number, number, string];

function toTuple({ view, key, rows, sizeBytes, sha256 }: NotedObject): Tuple {
  return [view, key, rows, sizeBytes, sha256];
}

function fromTuple([view, key, rows, sizeBytes, sha256]: Tuple): NotedObject {
  return { view, key, rows, sizeBytes, sha256 };
}

function headFrom({ sequence, sha256, isSigned }: Saved["chains"][string]): ChainHead {
  return { sequence, sha256, ...(isSigned === undefined ? {} : { isSigned }) };
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function jsonOf(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
