import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { compressionOf, decompress } from "./decompress.ts";
import { CHUNK_BYTES, type OpenLog } from "./open-log.ts";
import { skipTo } from "./skip-to.ts";

/**
 * Takes standard input to its end and makes a log of it that can be read more than once, as finding out what
 * is stored already needs. The bytes wait in a file without a name, encrypted with a key that exists in this
 * process only: when it ends, however it ends, nothing readable is left. Throws what the input throws
 * before its end: nothing of it is stored then.
 */
export async function openStdin(
  input: AsyncIterable<Uint8Array>,
  directory: string,
  modifiedMs: number,
): Promise<OpenLog> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, `stdin-${randomBytes(8).toString("hex")}`);
  const file = await open(path, "wx+", 0o600);
  await unlink(path);
  const key = randomBytes(32);
  try {
    const { sizeBytes, magic } = await store(input, file, key);
    const compression = compressionOf(magic);
    return {
      name: "-",
      sizeBytes,
      modifiedMs,
      compression,
      read: (offset, onProgress) => {
        const recallAll = (): AsyncIterable<Uint8Array> => recall(file, key, sizeBytes, onProgress);
        const chunks = compression === "none" ? recallAll() : decompress(compression, recallAll);
        return skipTo(offset, chunks, CHUNK_BYTES);
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

const CIPHER = "aes-256-ctr";

/** The key is used for one file only, written once. */
const COUNTER = Buffer.alloc(16);

async function store(
  input: AsyncIterable<Uint8Array>,
  file: FileHandle,
  key: Buffer,
): Promise<{ readonly sizeBytes: number; readonly magic: Uint8Array }> {
  const cipher = createCipheriv(CIPHER, key, COUNTER);
  let sizeBytes = 0;
  let magic = Buffer.alloc(0);
  for await (const chunk of input) {
    if (magic.length < 6) magic = Buffer.concat([magic, chunk.subarray(0, 6 - magic.length)]);
    const sealed = cipher.update(chunk);
    for (let at = 0; at < sealed.length; ) {
      const { bytesWritten } = await file.write(sealed, at, sealed.length - at, sizeBytes + at);
      at += bytesWritten;
    }
    sizeBytes += chunk.length;
  }
  return { sizeBytes, magic };
}

async function* recall(
  file: FileHandle,
  key: Buffer,
  sizeBytes: number,
  onProgress?: (fileBytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const decipher = createDecipheriv(CIPHER, key, COUNTER);
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let at = 0;
  while (at < sizeBytes) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, sizeBytes - at), at);
    if (bytesRead === 0) throw new Error("the file that holds standard input became shorter");
    at += bytesRead;
    onProgress?.(at);
    yield decipher.update(buffer.subarray(0, bytesRead));
  }
}
