import { createHash, randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { syncDirectory } from "../../durable-file.ts";
import type { SavedAudit } from "../save-audit.ts";

/** What begins the file; another number for another layout. */
const MAGIC = "hostlog audit 1\n";
const HASH_BYTES = 32;

/**
 * Keeps what an audit came to, for the next one on this machine: the header and the columns, each behind its length, and
 * the SHA-256 of all that. It holds hashes of names, and no names but those of findings. Who can write here can make the
 * next audit believe what it likes: the folder is for its owner alone, and `--full` believes nothing.
 */
export async function writeIndex(path: string, { header, parts }: SavedAudit): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp~`;
  const handle = await open(temporary, "wx", 0o600);
  const hash = createHash("sha256");
  const put = async (bytes: Uint8Array): Promise<void> => {
    hash.update(bytes);
    await handle.writeFile(bytes);
  };
  try {
    await put(Buffer.from(MAGIC));
    for (const part of [Buffer.from(header), ...parts]) {
      await put(lengthOf(part));
      await put(part);
    }
    await handle.writeFile(hash.digest());
    await handle.sync();
    await handle.close();
    await rename(temporary, path);
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Undefined when there is none that can be read, or when it is damaged: then everything is read anew. */
export async function readIndex(path: string): Promise<SavedAudit | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (error instanceof Error && "syscall" in error) return undefined;
    throw error;
  }
  const body = bytes.subarray(0, -HASH_BYTES);
  const isWhole =
    bytes.length > MAGIC.length + HASH_BYTES &&
    body.subarray(0, MAGIC.length).toString() === MAGIC &&
    createHash("sha256").update(body).digest().equals(bytes.subarray(-HASH_BYTES));
  if (!isWhole) return undefined;
  const parts: Uint8Array[] = [];
  for (let at = MAGIC.length; at < body.length; ) {
    const end = at + 8 + Number(body.readBigUInt64LE(at));
    parts.push(body.subarray(at + 8, end));
    at = end;
  }
  const [header, ...columns] = parts;
  return { header: Buffer.from(header ?? []).toString(), parts: columns };
}

function lengthOf(part: Uint8Array): Uint8Array {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(part.length));
  return length;
}
