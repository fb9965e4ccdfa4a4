import { createHash } from "node:crypto";
import { PutObjectCommand, type PutObjectCommandOutput } from "@aws-sdk/client-s3";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import type { Creation } from "../object-store.ts";
import { creationInput } from "./at-rest.ts";
import type { Deadline } from "./attempt.ts";
import { createOnce } from "./create-once.ts";
import { canPutParts, putParts } from "./put-parts.ts";
import type { S3Place } from "./s3-place.ts";
import {
  checkTaken,
  compareStored,
  encryptionFault,
  encryptionRefusal,
  otherBytes,
} from "./stored-as-sent.ts";
import { takeBack } from "./take-back.ts";

/**
 * Stores an object where none is. Large ones go in parts, where these credentials may; all others in one
 * PUT, which every role can, and which leaves an object whole or not at all. The SHA-256 is that of the
 * bytes in hand, taken before anything is sent, and named as an algorithm too, because Ceph checks it only
 * then. Throws UserError; an object that was stored otherwise than asked is removed again, and one that was
 * there before without the encryption that is demanded is an error, as far as these credentials may tell.
 */
export async function putObject(place: S3Place, key: string, body: Uint8Array): Promise<Creation> {
  const creation = await put(place, key, body);
  if (creation !== "created") await checkTaken(place, key);
  return creation;
}

async function put(place: S3Place, key: string, body: Uint8Array): Promise<Creation> {
  const { partsAboveBytes, putMaxBytes } = place.sizes;
  if (body.length > partsAboveBytes && (await canPutParts(place, key))) return putParts(place, key, body);
  if (body.length > putMaxBytes) throw tooLarge(place, key, body.length);
  return putWhole(place, key, body);
}

async function putWhole(place: S3Place, key: string, body: Uint8Array): Promise<Creation> {
  const operation = `PutObject ${key}`;
  const checksum = createHash("sha256").update(body).digest("base64");
  const command = new PutObjectCommand({
    Bucket: place.bucket,
    Key: place.base + key,
    Body: body,
    ContentLength: body.length,
    IfNoneMatch: "*",
    ChecksumAlgorithm: "SHA256",
    ChecksumSHA256: checksum,
    ...creationInput(place.atRest),
  });
  const send = ({ signal }: Deadline): Promise<PutObjectCommandOutput> =>
    place.client.send(command, { abortSignal: signal }).catch((error: unknown) => {
      throw (error instanceof Error ? encryptionRefusal(place, operation, error) : undefined) ?? error;
    });
  const answer = await createOnce(place, operation, send, body.length);
  if (typeof answer === "string") return answer;
  const isOther = compareStored(answer, body, checksum) === "other";
  const fault = isOther ? otherBytes(place, key) : encryptionFault(place, key, answer);
  if (fault !== undefined) throw await takeBack(place, key, answer.VersionId, fault);
  return "created";
}

function tooLarge({ url, sizes }: S3Place, key: string, sizeBytes: number): UserError {
  return new UserError(
    `${url}: ${key} has ${sizeBytes} bytes, and a single put may have ${sizes.putMaxBytes}; ` +
      "let these credentials upload in parts (s3:PutObject and s3:AbortMultipartUpload), or make batches smaller",
    exitCode.config,
  );
}
