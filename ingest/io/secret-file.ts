import { randomBytes } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { writeDurably } from "../../src/durable-file.ts";

const SECRET_BYTES = 32;

/** Reads a local secret, or makes it at the first call. The caller holds the lock of the folder. */
export async function ensureSecret(path: string): Promise<Uint8Array> {
  try {
    const secret = await readFile(path);
    if (secret.length === SECRET_BYTES) return secret;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
  const secret = randomBytes(SECRET_BYTES);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeDurably(path, secret, { mode: 0o600 });
  return secret;
}
