import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { writeDurably } from "../../src/durable-file.ts";

const schema = z.object({ version: z.literal(1), at: z.iso.datetime() });

/**
 * When the last purge began that left nothing undone, in ms since 1970. Undefined when there was none or
 * the file makes no sense: then a purge is run, which harms nothing.
 */
export async function readLastPurge(stateDirectory: string): Promise<number | undefined> {
  try {
    const parsed = schema.safeParse(JSON.parse(await readFile(fileIn(stateDirectory), "utf8")));
    return parsed.success ? Date.parse(parsed.data.at) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || isMissing(error)) return undefined;
    throw error;
  }
}

export async function writeLastPurge(stateDirectory: string, atMs: number): Promise<void> {
  await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
  const text = JSON.stringify({ version: 1, at: new Date(atMs).toISOString() });
  await writeDurably(fileIn(stateDirectory), Buffer.from(`${text}\n`), { mode: 0o600 });
}

function fileIn(stateDirectory: string): string {
  return join(stateDirectory, "last-purge.json");
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
