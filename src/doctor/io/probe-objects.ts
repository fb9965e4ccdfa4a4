import { createHash } from "node:crypto";
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { exitCode } from "../../exit-code.ts";
import { AccessDeniedError } from "../../store/object-store.ts";
import { creationInput, customerKeyInput, isEncryptedAsAsked } from "../../store/s3/at-rest.ts";
import type { S3Place } from "../../store/s3/s3-place.ts";
import { s3TroubleOf } from "../../store/s3/s3-trouble.ts";
import { encryptionRefusal } from "../../store/s3/stored-as-sent.ts";
import type { Answer } from "../answer.ts";
import type { EncryptionSighting, ListSighting, S3Writing, Versioning } from "../s3-observations.ts";
import { ask } from "./ask.ts";

/** What the answer to a good put told. */
export interface PutSighting {
  readonly isReturned: boolean;
  readonly hasDigestTag: boolean;
  readonly encryption: EncryptionSighting;
}

/** Stores an object as the program does, and looks at the whole answer. */
export function putFirst(place: S3Place, key: string, body: Uint8Array): Promise<Answer<PutSighting>> {
  const operation = `PutObject ${key}`;
  return ask(place, operation, async (abortSignal) => {
    const command = putCommand(place, key, body, { isConditional: true });
    const answer = await place.client.send(command, { abortSignal }).catch((error: unknown) => {
      throw (error instanceof Error ? encryptionRefusal(place, operation, error) : undefined) ?? error;
    });
    const isAsAsked = isEncryptedAsAsked(place.atRest, answer);
    const algorithm = answer.SSECustomerAlgorithm ?? answer.ServerSideEncryption;
    const md5 = createHash("md5").update(body).digest("hex");
    return {
      isReturned: answer.ChecksumSHA256 === digest(body),
      hasDigestTag: answer.ETag?.replaceAll('"', "") === md5,
      encryption: isAsAsked
        ? { kind: "stored", algorithm }
        : { kind: "refused", message: `the answer names ${algorithm ?? "no encryption"}` },
    };
  });
}

/** True when a put without a condition, of the bytes that are there, is accepted. */
export async function putAgain(place: S3Place, key: string, body: Uint8Array): Promise<Answer<boolean>> {
  const answer = await ask(place, `PutObject ${key}`, async (abortSignal) => {
    await place.client.send(putCommand(place, key, body, { isConditional: false }), { abortSignal });
    return true;
  });
  return answer.kind === "denied" ? { kind: "given", value: false } : answer;
}

/** True when a put whose bytes are not those of its SHA-256 is refused. */
export function refusesWrongChecksum(place: S3Place, key: string): Promise<Answer<boolean>> {
  const body = Buffer.from("these bytes");
  const wrong = digest(Buffer.from("other bytes"));
  return ask(place, `PutObject ${key}`, async (abortSignal) => {
    const command = putCommand(place, key, body, { isConditional: true, checksum: wrong });
    try {
      await place.client.send(command, { abortSignal });
      return false;
    } catch (error) {
      const trouble = error instanceof Error ? s3TroubleOf(error) : "none";
      if (trouble === "damaged" || trouble === "refused") return true;
      throw error;
    }
  });
}

function putCommand(
  { bucket, base, atRest }: S3Place,
  key: string,
  body: Uint8Array,
  { isConditional, checksum = digest(body) }: { readonly isConditional: boolean; readonly checksum?: string },
): PutObjectCommand {
  return new PutObjectCommand({
    Bucket: bucket,
    Key: base + key,
    Body: body,
    ContentLength: body.length,
    ChecksumAlgorithm: "SHA256",
    ChecksumSHA256: checksum,
    ...(isConditional ? { IfNoneMatch: "*" } : {}),
    ...creationInput(atRest),
  });
}

function digest(body: Uint8Array): string {
  return createHash("sha256").update(body).digest("base64");
}

/** Reads bytes 1 to 4 of the object, which holds `body`. */
export function readRange(place: S3Place, key: string, body: Uint8Array): Promise<S3Writing["read"]> {
  return ask(place, `GetObject ${key}`, async (abortSignal) => {
    const command = new GetObjectCommand({
      Bucket: place.bucket,
      Key: place.base + key,
      Range: "bytes=1-4",
      ...customerKeyInput(place.atRest),
    });
    const answer = await place.client.send(command, { abortSignal });
    const bytes = (await answer.Body?.transformToByteArray()) ?? new Uint8Array(0);
    if (!(answer.ContentRange ?? "").startsWith("bytes 1-4/")) return "ignores-ranges";
    return Buffer.compare(bytes, body.subarray(1, 5)) === 0 ? "exact" : "other-bytes";
  });
}

/** Looks for keys, in order and just stored, that are all that lies under the prefix. */
export async function seeListing(
  place: S3Place,
  prefix: string,
  keys: readonly string[],
): Promise<Answer<ListSighting>> {
  const all = await listNames(place, prefix, undefined);
  if (all.kind !== "given") return all;
  const [first = ""] = keys;
  const after = await listNames(place, prefix, first);
  if (after.kind !== "given") return after;
  const names = keys.map((key) => place.base + key);
  return {
    kind: "given",
    value: {
      isCurrent: names.every((name) => all.value.includes(name)),
      isInOrder: all.value.every((name, index) => index === 0 || (all.value[index - 1] ?? "") < name),
      knowsStartAfter: !after.value.includes(place.base + first),
    },
  };
}

function listNames(
  place: S3Place,
  prefix: string,
  startAfter: string | undefined,
): Promise<Answer<readonly string[]>> {
  return ask(place, `ListObjectsV2 ${prefix}`, async (abortSignal) => {
    const command = new ListObjectsV2Command({
      Bucket: place.bucket,
      Prefix: place.base + prefix,
      StartAfter: startAfter === undefined ? undefined : place.base + startAfter,
    });
    const { Contents: contents = [] } = await place.client.send(command, { abortSignal });
    return contents.map(({ Key: name = "" }) => name);
  });
}

/** Removes the keys by one DeleteObjects. With `versionId` only that version, which leaves no marker. */
export async function deleteTogether(
  place: S3Place,
  keys: readonly string[],
  versionId?: string,
): Promise<S3Writing["batchDelete"]> {
  return ask(place, "DeleteObjects", async (abortSignal) => {
    const command = new DeleteObjectsCommand({
      Bucket: place.bucket,
      Delete: { Quiet: true, Objects: keys.map((key) => ({ Key: place.base + key, VersionId: versionId })) },
    });
    try {
      const { Errors: errors = [] } = await place.client.send(command, { abortSignal });
      const isDenied = errors.some(({ Code: code }) => code === "AccessDenied");
      if (isDenied) throw new AccessDeniedError("DeleteObjects: AccessDenied", exitCode.config);
      return errors.some(({ Code: code }) => code !== "NoSuchKey" && code !== "NoSuchVersion")
        ? "refused"
        : "deleted";
    } catch (error) {
      if (error instanceof Error && s3TroubleOf(error) === "refused") return "refused";
      throw error;
    }
  });
}

/**
 * Whether these credentials may remove: by removing something that is not there. Where the bucket keeps
 * versions, a version of it, so that no delete marker comes of it.
 */
export function mayRemove(
  place: S3Place,
  key: string,
  versioning: Answer<Versioning>,
): Promise<Answer<true>> {
  const keepsVersions = versioning.kind === "given" && versioning.value !== "never";
  return ask<true>(
    place,
    `DeleteObject ${key}`,
    async (abortSignal) => {
      const VersionId = keepsVersions ? "null" : undefined;
      const command = new DeleteObjectCommand({ Bucket: place.bucket, Key: place.base + key, VersionId });
      await place.client.send(command, { abortSignal });
      return true;
    },
    new Map([
      ["NoSuchKey", true],
      ["NoSuchVersion", true],
    ]),
  );
}

/** Begins an upload in parts and ends it at once. */
export async function beginAndAbort(place: S3Place, key: string): Promise<S3Writing["abort"]> {
  const begun = await ask(place, `CreateMultipartUpload ${key}`, async (abortSignal) => {
    const command = new CreateMultipartUploadCommand({
      Bucket: place.bucket,
      Key: place.base + key,
      ...creationInput(place.atRest),
    });
    return (await place.client.send(command, { abortSignal })).UploadId;
  });
  if (begun.kind === "denied" || begun.kind === "unsupported")
    return { kind: "given", value: "cannot-begin" };
  if (begun.kind !== "given") return begun;
  const ended = await ask(place, `AbortMultipartUpload ${key}`, async (abortSignal) => {
    const input = { Bucket: place.bucket, Key: place.base + key, UploadId: begun.value };
    await place.client.send(new AbortMultipartUploadCommand(input), { abortSignal });
    return "aborted" as const;
  });
  return ended.kind === "denied" ? { kind: "given", value: "cannot-abort" } : ended;
}
