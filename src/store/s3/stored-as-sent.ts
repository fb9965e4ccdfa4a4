import { createHash } from "node:crypto";
import { UserError } from "../../errors.ts";
import { type ExitCode, exitCode } from "../../exit-code.ts";
import { describeAtRest, type EncryptionAnswer, hidesMd5, isEncryptedAsAsked } from "./at-rest.ts";
import { findTaken } from "./find-taken.ts";
import type { S3Place } from "./s3-place.ts";
import type { S3ErrorShape } from "./s3-trouble.ts";

/** What a server says of the bytes that it has just stored. */
export interface StoredAnswer extends EncryptionAnswer {
  readonly ChecksumSHA256?: string | undefined;
  readonly ETag?: string | undefined;
}

/**
 * "other": the answer is about other bytes than were sent. "unverified": it names no SHA-256, and an ETag
 * that is no MD5 or may be that of encrypted bytes, so that nothing can be compared.
 */
export function compareStored(
  answer: StoredAnswer,
  body: Uint8Array,
  sha256Base64: string,
): "same" | "other" | "unverified" {
  const { ChecksumSHA256: checksum, ETag: entityTag = "" } = answer;
  if (checksum !== undefined) return checksum === sha256Base64 ? "same" : "other";
  const [, md5] = /^"?([0-9a-f]{32})"?$/.exec(entityTag) ?? [];
  if (md5 === undefined || hidesMd5(answer)) return "unverified";
  return md5 === createHash("md5").update(body).digest("hex") ? "same" : "other";
}

/** What is wrong with an object that was stored, for a message that also says what became of it. */
export interface FaultOfStored {
  readonly said: string;
  /** What to do beside removing it; the end of a sentence. */
  readonly advice: string;
  readonly code: ExitCode;
}

export function otherBytes({ url }: S3Place, key: string): FaultOfStored {
  return {
    said: `${url}: the server says that it stored other bytes for ${key} than it was sent`,
    advice: "check the server's disks and any proxy on the way, and run it again",
    code: exitCode.integrity,
  };
}

/** Undefined when the answer says that what was stored under the key is encrypted as it was to be. */
export function encryptionFault(
  { url, atRest }: S3Place,
  key: string,
  answer: EncryptionAnswer,
): FaultOfStored | undefined {
  if (isEncryptedAsAsked(atRest, answer)) return undefined;
  return {
    said:
      `${url}: ${key} was stored and is NOT encrypted as asked (s3.encryption: ${describeAtRest(atRest)}): ` +
      `the server says ${saidOfEncryption(answer)}`,
    advice: "correct the server or the setting, and run it again",
    code: exitCode.config,
  };
}

/**
 * Throws UserError when the object at a key that is taken is not encrypted as this store demands, so that a
 * run after the one that reported it does not pass over it. Who may not read cannot know, as a node: there only
 * the run whose put was answered so says it, with the exit code 78.
 */
export async function checkTaken(place: S3Place, key: string): Promise<void> {
  if (place.atRest.kind === "as-it-likes") return;
  const answer = await findTaken(place, key);
  const fault = answer === undefined ? undefined : encryptionFault(place, key, answer);
  if (fault !== undefined)
    throw new UserError(`${fault.said}. Remove the object, ${fault.advice}`, fault.code);
}

/** Throws UserError unless the answer says that what is going to be uploaded will be encrypted as it was to be. */
export function checkWillBeEncrypted({ url, atRest }: S3Place, key: string, answer: EncryptionAnswer): void {
  if (isEncryptedAsAsked(atRest, answer)) return;
  throw new UserError(
    `${url}: ${key} was not stored, since it would not have been encrypted as asked (s3.encryption: ${describeAtRest(atRest)}): ` +
      `the server says ${saidOfEncryption(answer)}. Correct the server or the setting, and run it again`,
    exitCode.config,
  );
}

function saidOfEncryption(answer: EncryptionAnswer): string {
  const { ServerSideEncryption: algorithm, SSEKMSKeyId: key, SSECustomerAlgorithm: customer } = answer;
  const said = [algorithm, key, customer === undefined ? undefined : "a customer's key"];
  const words = said.filter((word) => word !== undefined && /^[\w.:/' -]{1,300}$/.test(word));
  return words.length === 0 ? "nothing of encryption" : words.join(", ");
}

/**
 * A server that cannot encrypt as asked refuses the whole request with 400 and names that differ (Ceph:
 * InvalidArgument). Undefined when the error is another one.
 */
export function encryptionRefusal(
  { url, atRest }: S3Place,
  operation: string,
  error: Error & S3ErrorShape,
): UserError | undefined {
  const isRefusal =
    atRest.kind !== "as-it-likes" &&
    error.$metadata?.httpStatusCode === 400 &&
    /^(?:InvalidArgument|InvalidRequest|InvalidEncryptionAlgorithmError|NotImplemented)$/.test(error.name);
  if (!isRefusal) return undefined;
  return new UserError(
    `${url}: ${operation}: the S3 server refuses to encrypt as asked (s3.encryption: ${describeAtRest(atRest)}); ` +
      `check that it can, and that the key exists and may be used (${error.name}, HTTP 400)`,
    exitCode.config,
    { cause: error },
  );
}
