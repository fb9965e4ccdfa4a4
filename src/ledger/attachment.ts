import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { sha256Hex } from "../sha256.ts";
import { ObjectNotFoundError, type ObjectStore } from "../store/object-store.ts";
import type { Attachment } from "./recorded-object.ts";

export type AttachmentFolder = "inventories" | "holds";

/**
 * Puts bytes beside the chains, for a record to name. They lie under their own hash, so that doing it again is doing it
 * once. Throws UserError with `exitCode.integrity` when other bytes lie there.
 */
export async function putAttachment(
  ledger: ObjectStore,
  folder: AttachmentFolder,
  value: Uint8Array,
): Promise<Attachment> {
  const sha256 = sha256Hex(value);
  const attachment = {
    key: `${folder}/${sha256}${suffixOf(value)}`,
    sizeBytes: value.length,
    sha256,
  };
  if ((await ledger.create(attachment.key, value)) !== "created") await readAttachment(ledger, attachment);
  return attachment;
}

/** The bytes that a record names. Throws UserError with `exitCode.integrity` when they are missing or others. */
export async function readAttachment(
  ledger: ObjectStore,
  { key, sizeBytes, sha256 }: Attachment,
): Promise<Uint8Array> {
  const bytes = await readBytes(ledger, key);
  if (bytes === undefined) throw damaged(ledger, `${key} is missing, and a record names it`);
  if (bytes.length === sizeBytes && sha256Hex(bytes) === sha256) return bytes;
  throw damaged(ledger, `${key} is not what was recorded: it was changed`);
}

async function readBytes(ledger: ObjectStore, key: string): Promise<Uint8Array | undefined> {
  try {
    return await ledger.read(key);
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return undefined;
    throw error;
  }
}

/** RFC 1952, 2.3.1: how a gzip file begins. What is not packed is sealed. */
function suffixOf([first, second]: Uint8Array): string {
  return first === 0x1f && second === 0x8b ? ".json.gz" : ".age";
}

function damaged({ url }: ObjectStore, what: string): UserError {
  return new UserError(
    `the ledger at ${url} is damaged: ${what}; restore it from a copy, or find out who changed it`,
    exitCode.integrity,
  );
}
