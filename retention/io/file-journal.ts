import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type Day, parseDay } from "../../src/day.ts";
import { syncDirectory, writeDurably } from "../../src/durable-file.ts";
import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";
import { views } from "../../src/view.ts";
import type { PurgeBatch } from "../purge-batches.ts";
import type { BegunBatch, PurgeJournal } from "../purge-journal.ts";

const day = z.string().transform((text, context): Day => {
  const parsed = parseDay(text);
  if (parsed !== undefined) return parsed;
  context.issues.push({ code: "custom", message: "no day", input: text });
  return z.NEVER;
});

const term = z.strictObject({ count: z.int().positive(), unit: z.enum(["d", "w", "m", "y"]) });

const expired = z.strictObject({
  view: z.enum(views),
  key: z.string(),
  sizeBytes: z.int().nonnegative(),
  day,
  retentionClass: z.string(),
  dueDay: day,
  rule: z.strictObject({ kind: z.enum(["class", "ceiling", "quarantine"]), term }),
});

const begunBatch = z.strictObject({
  at: z.iso.datetime(),
  clock: z.enum(["system", "argument"]),
  batch: z.strictObject({ view: z.enum(views), day, objects: z.array(expired).min(1) }),
});

/** A journal of one file for each batch, in the folder `journal` of a folder that belongs to one store alone. */
export function createFileJournal(folderOfStore: string): PurgeJournal {
  const folder = join(folderOfStore, "journal");
  const fileOf = (batch: PurgeBatch): string => join(folder, `${batch.view}_${batch.day}.json`);
  return {
    async begin(begun) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeDurably(fileOf(begun.batch), Buffer.from(`${JSON.stringify(begun)}\n`), { mode: 0o600 });
    },

    async settle(batch) {
      await rm(fileOf(batch), { force: true });
      await syncDirectory(folder);
    },

    async read() {
      const begun: BegunBatch[] = [];
      for (const name of await namesIn(folder)) begun.push(await readEntry(join(folder, name)));
      return begun;
    },
  };
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith(".json")).sort();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

async function readEntry(file: string): Promise<BegunBatch> {
  const parsed = begunBatch.safeParse(jsonOf(await readFile(file, "utf8")));
  if (parsed.success) return parsed.data;
  throw new UserError(
    `${file} says which objects a purge was destroying when it ended, and cannot be understood; find out who changed it, then move it away`,
    exitCode.integrity,
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
