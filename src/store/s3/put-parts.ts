import { createHash } from "node:crypto";
import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandOutput,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandOutput,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { UserError } from "../../errors.ts";
import { inParallel } from "../../in-parallel.ts";
import type { Creation } from "../object-store.ts";
import { abortUpload } from "./abort-upload.ts";
import { creationInput, customerKeyInput } from "./at-rest.ts";
import { attempt, type Deadline } from "./attempt.ts";
import { createOnce } from "./create-once.ts";
import { DamagedError } from "./damaged-error.ts";
import { findTaken } from "./find-taken.ts";
import { inHaste } from "./in-haste.ts";
import type { S3Place } from "./s3-place.ts";
import { s3TroubleOf } from "./s3-trouble.ts";
import { checkWillBeEncrypted, compareStored, otherBytes } from "./stored-as-sent.ts";
import { takeBack } from "./take-back.ts";

/** Whether uploads in parts are possible, found out once. */
const trials = new WeakMap<S3Place, Promise<boolean>>();

interface Upload {
  readonly key: string;
  readonly id: string;
}

/**
 * Whether these credentials may begin an upload in parts here and also abort it, and whether the server
 * keeps the SHA-256 of parts: the ones that do not (Ceph before 20) also ignore `If-None-Match` when an upload
 * is completed, and would replace. Tried once with an upload of nothing. Where only aborting is denied that
 * one remains, until the bucket's lifecycle rule for unfinished uploads removes it.
 */
export function canPutParts(place: S3Place, key: string): Promise<boolean> {
  const known = trials.get(place);
  if (known !== undefined) return known;
  const trial = tryParts(place, key);
  trials.set(place, trial);
  trial.catch(() => trials.delete(place));
  return trial;
}

async function tryParts(place: S3Place, key: string): Promise<boolean> {
  try {
    const { upload, answer } = await begin(place, key);
    await abortUpload(inHaste(place), key, upload.id);
    return answer.ChecksumAlgorithm === "SHA256";
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}

function isRefusal(error: unknown): boolean {
  if (!(error instanceof UserError && error.cause instanceof Error)) return false;
  return ["denied", "unsupported", "refused"].includes(s3TroubleOf(error.cause));
}

/**
 * Uploads in parts, several at once, each a view of `body` with its own SHA-256; completing creates the
 * object only where none is. Whatever goes wrong, the upload is aborted, once nothing of it is on its way any
 * more, so that no part is left behind.
 *
 * An upload that is no more was either completed by an attempt whose answer got lost, or removed by
 * somebody, such as a lifecycle rule. If no object is seen then, all is uploaded anew, once, as
 * completing that says whether the key is taken. Throws UserError.
 */
export async function putParts(place: S3Place, key: string, body: Uint8Array): Promise<Creation> {
  try {
    return await uploadParts(place, key, body);
  } catch (error) {
    if (!(error instanceof UserError && isNoUpload(error.cause))) throw error;
    if ((await findTaken(place, key)) !== undefined) return "uncertain";
  }
  const creation = await uploadParts(place, key, body);
  return creation === "exists" ? "uncertain" : creation;
}

function isNoUpload(error: unknown): boolean {
  return error instanceof Error && s3TroubleOf(error) === "no-upload";
}

async function uploadParts(place: S3Place, key: string, body: Uint8Array): Promise<Creation> {
  const { upload, answer } = await begin(place, key);
  let creation: Creation | undefined;
  try {
    checkWillBeEncrypted(place, key, answer);
    creation = await complete(place, upload, await sendParts(place, upload, body), body.length);
    return creation;
  } finally {
    // The lifecycle rule for unfinished uploads is there for when this fails too.
    if (creation !== "created") await abortUpload(inHaste(place), key, upload.id).catch(() => {});
  }
}

async function begin(
  place: S3Place,
  key: string,
): Promise<{ readonly upload: Upload; readonly answer: CreateMultipartUploadCommandOutput }> {
  const command = new CreateMultipartUploadCommand({
    Bucket: place.bucket,
    Key: place.base + key,
    ChecksumAlgorithm: "SHA256",
    ...creationInput(place.atRest),
  });
  const answer = await attempt(place, `CreateMultipartUpload ${key}`, ({ signal }) =>
    place.client.send(command, { abortSignal: signal }),
  );
  return { upload: { key, id: answer.UploadId ?? "" }, answer };
}

async function sendParts(
  place: S3Place,
  upload: Upload,
  body: Uint8Array,
): Promise<readonly CompletedPart[]> {
  const { partBytes, width } = place.sizes;
  const starts = Array.from({ length: Math.ceil(body.length / partBytes) }, (_, index) => index * partBytes);
  const parts: CompletedPart[] = [];
  await inParallel(starts, width, async (start, index) => {
    parts[index] = await sendPart(place, upload, index + 1, body.subarray(start, start + partBytes));
  });
  return parts;
}

function sendPart(
  place: S3Place,
  { key, id }: Upload,
  number: number,
  part: Uint8Array,
): Promise<CompletedPart> {
  const checksum = createHash("sha256").update(part).digest("base64");
  const command = new UploadPartCommand({
    Bucket: place.bucket,
    Key: place.base + key,
    UploadId: id,
    PartNumber: number,
    Body: part,
    ContentLength: part.length,
    ChecksumAlgorithm: "SHA256",
    ChecksumSHA256: checksum,
    ...customerKeyInput(place.atRest),
  });
  const send = async ({ signal }: Deadline): Promise<CompletedPart> => {
    const answer = await place.client.send(command, { abortSignal: signal });
    if (compareStored(answer, part, checksum) === "other")
      throw new DamagedError("a part was stored with other bytes");
    return { PartNumber: number, ETag: answer.ETag, ChecksumSHA256: checksum };
  };
  return attempt(place, `UploadPart ${number} of ${key}`, send, part.length);
}

async function complete(
  place: S3Place,
  { key, id }: Upload,
  parts: readonly CompletedPart[],
  sizeBytes: number,
): Promise<Creation> {
  const checksum = checksumOfParts(parts);
  const command = new CompleteMultipartUploadCommand({
    Bucket: place.bucket,
    Key: place.base + key,
    UploadId: id,
    MultipartUpload: { Parts: [...parts] },
    IfNoneMatch: "*",
    // Ceph wants to see the customer's key here as well.
    ...customerKeyInput(place.atRest),
  });
  const send = ({ signal }: Deadline): Promise<CompleteMultipartUploadCommandOutput> =>
    place.client.send(command, { abortSignal: signal });
  const answer = await createOnce(place, `CompleteMultipartUpload ${key}`, send, sizeBytes);
  if (typeof answer === "string") return answer;
  const isOther = answer.ChecksumSHA256 !== undefined && answer.ChecksumSHA256 !== checksum;
  if (isOther) throw await takeBack(place, key, answer.VersionId, otherBytes(place, key));
  return "created";
}

/** The SHA-256 of all parts' SHA-256. Source: Amazon S3 user guide, "Checking object integrity", composite. */
function checksumOfParts(parts: readonly CompletedPart[]): string {
  const hash = createHash("sha256");
  for (const { ChecksumSHA256: checksum = "" } of parts) hash.update(Buffer.from(checksum, "base64"));
  return `${hash.digest("base64")}-${parts.length}`;
}
