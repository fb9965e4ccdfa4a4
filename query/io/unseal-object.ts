import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { inParallel } from "../../src/in-parallel.ts";
import { SealBrokenError } from "../../src/seal/seal-broken-error.ts";
import { chunkRange, NONCE_BYTES, sealedLayout } from "../../src/seal/sealed-layout.ts";
import { sha256Hex } from "../../src/sha256.ts";
import type { DayObject } from "../batches.ts";
import { brokenObject } from "../broken-object.ts";
import { planRuns } from "../plan-runs.ts";
import { type ChunkSpan, spanRange } from "../sealed-run.ts";
import { openParts } from "./open-parts.ts";
import type { Opening, SealedSource } from "./sealed-source.ts";

/** An object whose header was opened. */
export interface OpenedHead {
  readonly object: DayObject;
  /** The object's first bytes, or all of them. */
  readonly start: Uint8Array;
  readonly header: Uint8Array;
  readonly fileKey: Uint8Array;
}

/** 4 MiB: four of them fill a line, and a thread is worth its while. */
const CHUNKS_OF_PIECE = 64;

/** Pieces of one object that are on their way, or being opened, at once. */
const PIECES_AT_ONCE = 4;

/**
 * Opens an object, or as much of it as the question needs, into a new file in `directory` that only this user can
 * read. Throws ObjectNotFoundError, and UserError when what was read is not as it was sealed, or the end was cut
 * off: then there is no file.
 */
export async function unsealObject(
  source: SealedSource,
  { object, start, header, fileKey }: OpenedHead,
  directory: string,
): Promise<{ readonly path: string; readonly bytesRead: number }> {
  const layout = sealedLayout(object.sizeBytes, header.length);
  if (layout === undefined) throw brokenObject(source, object, "was cut off");
  const nonce = start.slice(layout.nonceStart, layout.nonceStart + NONCE_BYTES);
  const sealed = { sealedSizeBytes: object.sizeBytes, headerSizeBytes: header.length, fileKey, nonce };
  const path = join(directory, `${sha256Hex(source.store.url, "\n", object.key).slice(0, 32)}.parquet`);
  const file = await open(path, "wx", 0o600);
  try {
    const bytesRead = await writeObject(source, { object, start, layout, sealed }, file);
    await file.close();
    return { path, bytesRead };
  } catch (error) {
    await file.close();
    await rm(path, { force: true });
    if (error instanceof SealBrokenError) throw brokenObject(source, object, `is damaged (${error.message})`);
    if (error instanceof RangeError) throw brokenObject(source, object, "is shorter than it was listed");
    throw error;
  }
}

/** Returns how many bytes were read in the store. */
async function writeObject(source: SealedSource, opening: Opening, file: FileHandle): Promise<number> {
  const { layout, start } = opening;
  const parts = await openParts(source, opening);
  if (parts === undefined) {
    const all = { first: 0, last: layout.chunks - 1 };
    return start.length + (await writeSpans(source, opening, file, [all]));
  }
  const { spans, held, footer, footerStart } = parts;
  const readBytes = await writeSpans(source, opening, file, spans);
  for (const { at, plain } of held) await file.write(plain, 0, plain.length, at);
  await file.truncate(footerStart);
  await file.write(footer, 0, footer.length, footerStart);
  return start.length + parts.readBytes + readBytes;
}

/** Those chunks that the first bytes hold are taken from there. */
async function writeSpans(
  { store, unsealer, signal }: SealedSource,
  { object, start, layout, sealed }: Opening,
  file: FileHandle,
  spans: readonly ChunkSpan[],
): Promise<number> {
  const isHeld = (chunk: number): boolean => chunkRange(layout, chunk).end <= start.length;
  const held = planRuns(spans, (chunk) => !isHeld(chunk), CHUNKS_OF_PIECE);
  for (const span of held) {
    const range = spanRange(layout, span);
    const bytes = start.slice(range.start, range.end);
    await unsealer.write({ ...sealed, firstChunk: span.first, bytes }, file.fd);
  }
  let readBytes = 0;
  await inParallel(planRuns(spans, isHeld, CHUNKS_OF_PIECE), PIECES_AT_ONCE, async (span) => {
    signal.throwIfAborted();
    const bytes = await store.read(object.key, spanRange(layout, span));
    readBytes += bytes.length;
    await unsealer.write({ ...sealed, firstChunk: span.first, bytes }, file.fd);
  });
  return readBytes;
}
