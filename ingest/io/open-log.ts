import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { DamagedLogError } from "./damaged-log-error.ts";
import { type Compression, compressionOf, decompress } from "./decompress.ts";
import { skipTo } from "./skip-to.ts";

/**
 * A log as it was when it was opened: renaming, replacing or appending to the file does not change what is
 * read, however often it is read.
 */
export interface OpenLog {
  readonly name: string;
  /** Of the file as it lies there; undefined where nobody knows before the end (standard input). */
  readonly sizeBytes: number | undefined;
  readonly modifiedMs: number;
  readonly compression: Compression | "none";
  /**
   * The decompressed bytes from `offset` on, in chunks of at most 256 KiB that the next step may overwrite.
   * `onProgress` is told how many bytes of the file itself have been read so far.
   * Throws a `DamagedLogError` behind the last good byte where compressed data is cut off or damaged, or where
   * the file ends because somebody made it shorter.
   */
  read(offset: number, onProgress?: (fileBytes: number) => void): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/** How much is read at once: enough for few system calls, little enough for fine pieces and bounded memory. */
export const CHUNK_BYTES = 256 * 1024;

/**
 * Opens a regular file. A symbolic link is followed, as operators use them; what is no regular file (a pipe, a
 * device, a folder) is refused without waiting on it. Throws the system's own error when it cannot be opened.
 */
export async function openLog(path: string): Promise<OpenLog> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const status = await file.stat();
    if (!status.isFile()) throw new Error("it is no regular file");
    const magic = Buffer.alloc(6);
    const { bytesRead } = await file.read(magic, 0, magic.length, 0);
    const compression = compressionOf(magic.subarray(0, bytesRead));
    return {
      name: path,
      sizeBytes: status.size,
      modifiedMs: status.mtimeMs,
      compression,
      read: (offset, onProgress) =>
        compression === "none"
          ? readPlain(file, offset, status.size, onProgress)
          : skipTo(
              offset,
              decompress(compression, () => readPlain(file, 0, status.size, onProgress)),
              CHUNK_BYTES,
            ),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function* readPlain(
  file: FileHandle,
  from: number,
  to: number,
  onProgress?: (fileBytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let at = from;
  while (at < to) {
    const { bytesRead } = await readAt(file, buffer, Math.min(buffer.length, to - at), at);
    // What is left was taken away by somebody else, and its last line may be half a line.
    if (bytesRead === 0) throw new DamagedLogError("it became shorter while it was read");
    at += bytesRead;
    onProgress?.(at);
    yield buffer.subarray(0, bytesRead);
  }
}

/** An error of the disk ends this log and no other: what was read of it before is whole. */
async function readAt(
  file: FileHandle,
  buffer: Buffer,
  length: number,
  position: number,
): Promise<{ readonly bytesRead: number }> {
  try {
    return await file.read(buffer, 0, length, position);
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    throw new DamagedLogError(`the disk could not read it (${reason})`, { cause: error });
  }
}
