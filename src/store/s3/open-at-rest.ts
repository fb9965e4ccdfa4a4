import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { S3Encryption } from "../../../config/config.ts";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import type { AtRest } from "./at-rest.ts";

/** Far more than 32 bytes as base64 take, so that a file of another kind is not read whole. */
const FILE_MAX_BYTES = 1024;

/**
 * Reads the customer's key, where there is one. It leaves the machine with each request, as SSE-C has it:
 * the client refuses plain HTTP to any other machine, so it is never sent in the clear. Throws UserError for
 * a file that others may read or that holds no key.
 */
export async function openAtRest(encryption: S3Encryption | undefined): Promise<AtRest> {
  if (encryption === undefined) return { kind: "as-it-likes" };
  if (encryption.kind !== "customer-key") return encryption;
  const keyBase64 = await readKeyFile(encryption.keyFile);
  const keyMd5Base64 = createHash("md5").update(Buffer.from(keyBase64, "base64")).digest("base64");
  return { kind: "customer-key", keyBase64: () => keyBase64, keyMd5Base64 };
}

async function readKeyFile(path: string): Promise<string> {
  const { mode, text } = await readStart(path).catch((error: unknown) => {
    const { code = "unreadable" } = error as NodeJS.ErrnoException;
    throw new UserError(
      `${path}: the customer key of s3.encryption cannot be read (${code}); make the file with "openssl rand -base64 32" and keep a copy in a safe place`,
      exitCode.config,
      { cause: error },
    );
  });
  if ((mode & 0o077) !== 0) {
    throw new UserError(
      `${path}: others than its owner may read or change this key; run chmod 600 on it, and think of using a new one`,
      exitCode.config,
    );
  }
  // 43 digits of base64 and one sign of padding are 32 bytes; anything else is another kind of file.
  const [, key] = /^([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)\s*$/.exec(text) ?? [];
  if (key !== undefined) return key;
  throw new UserError(
    `${path}: the customer key of s3.encryption must be 32 bytes as base64, as "openssl rand -base64 32" makes them`,
    exitCode.config,
  );
}

async function readStart(path: string): Promise<{ readonly mode: number; readonly text: string }> {
  const handle = await open(path, "r");
  try {
    const { mode } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(FILE_MAX_BYTES), 0, FILE_MAX_BYTES, 0);
    return { mode, text: buffer.toString("latin1", 0, bytesRead) };
  } finally {
    await handle.close();
  }
}
