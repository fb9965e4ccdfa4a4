import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { gunzipSync } from "node:zlib";
import { Decompress } from "fzstd";
import { readablePages } from "./parquet-bytes.ts";

/** What is looked for, by a name. Letters count the same in both cases. */
export type Canaries = Readonly<Record<string, string>>;

/** `PLACE: NAME`: a canary that was found, and in which form when it was not as it is. */
export type Sighting = string;

/** Nothing that holds a canary in another form is shorter. */
const WRAPPING_BYTES_MIN = 16;

/** How often one thing may be wrapped in another. */
const DEPTH_MAX = 3;

/** Looks through every file below a folder, its own name included. */
export async function findCanariesBelow(folder: string, canaries: Canaries): Promise<readonly Sighting[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found: Sighting[] = [];
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const place = relative(folder, path);
    found.push(...findCanaries(`the name ${place}`, Buffer.from(entry.name), canaries));
    if (entry.isFile()) found.push(...findCanaries(place, await readFile(path), canaries));
  }
  return found;
}

/**
 * Looks for canaries in bytes as they are, in hex, in base64 of whatever alignment, and in what gzip, zstd and Parquet
 * hold of them, wrapped in each other.
 */
export function findCanaries(place: string, bytes: Buffer, canaries: Canaries): readonly Sighting[] {
  const readings = readingsOf(bytes, DEPTH_MAX);
  return Object.entries(canaries).flatMap(([name, canary]) => {
    const needles = needlesOf(canary);
    const isThere = readings.some((reading) => needles.some((needle) => reading.includes(needle)));
    return isThere ? [`${place}: ${name}`] : [];
  });
}

/** As latin1, in small letters: text can be searched, and no byte is lost. */
function readingsOf(bytes: Buffer, depth: number): readonly string[] {
  const own = [bytes.toString("latin1").toLowerCase()];
  if (depth === 0) return own;
  return [...own, ...insidesOf(bytes).flatMap((inside) => readingsOf(inside, depth - 1))];
}

function insidesOf(bytes: Buffer): readonly Buffer[] {
  if (bytes.length < WRAPPING_BYTES_MIN) return [];
  const insides: Buffer[] = [];
  const add = (unpack: () => readonly Buffer[]): void => {
    try {
      insides.push(...unpack());
    } catch {
      // It only began like that.
    }
  };
  if (bytes.readUInt16BE() === 0x1f8b) add(() => [gunzipSync(bytes)]);
  if (bytes.readUInt32BE() === 0x28b52ffd) add(() => [unzstd(bytes)]);
  if (bytes.subarray(0, 4).toString("latin1") === "PAR1") add(() => readablePages(bytes));
  for (const [text] of bytes.toString("latin1").matchAll(/[A-Za-z0-9+/_-]{64,}/g)) {
    insides.push(Buffer.from(text, "base64"));
  }
  return insides;
}

function unzstd(bytes: Buffer): Buffer {
  const parts: Uint8Array[] = [];
  const decoder = new Decompress((part) => parts.push(part));
  decoder.push(Uint8Array.from(bytes), true);
  return Buffer.concat(parts);
}

/** In small letters. In base64 the bytes around change the first and the last character at most. */
function needlesOf(canary: string): readonly string[] {
  const bytes = Buffer.from(canary);
  const encoded = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString("base64")
      .replaceAll("=", "")
      .slice(shift + 1, -1),
  );
  return [canary, bytes.toString("hex"), ...encoded].map((needle) => needle.toLowerCase());
}
