import { createHash } from "node:crypto";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import type { Creation } from "../object-store.ts";
import { creationInput } from "./at-rest.ts";
import { createOnce } from "./create-once.ts";
import { canPutParts, putParts } from "./put-parts.ts";
import type { S3Place } from "./s3-place.ts";
import { checkEncrypted, compareStored, encryptionRefusal, otherBytesError } from "./stored-as-sent.ts";

/**
 * Stores an object where none is. Large ones go in parts, where these credentials may; all others in one
 * PUT, which every role can, and which leaves an object whole or not at all. The SHA-256 is that of the
 * bytes in hand, taken before anything is sent, and named as an algorithm too, because Ceph checks it only
 * then. Throws UserError; of an object that was stored otherwise than asked, it says so.
 */
export async function putObject(place: S3Place, key: string, body: Uint8Array): Promise<Creation> {
  const { partsAboveBytes, putMaxBytes } = place.sizes;
  if (body.length > partsAboveBytes && (await canPutParts(place, key))) return putParts(place, key, body);
  if (body.length > putMaxBytes) throw tooLarge(place, key, body.length);
  return putWhole(place, key, body);
}

function putWhole(place: S3Place, key: string, body: Uint8Array): Promise<Creation> {
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
  return createOnce(
    place,
    operation,
    async ({ signal }) => {
      const answer = await place.client.send(command, { abortSignal: signal }).catch((error: unknown) => {
        throw (error instanceof Error ? encryptionRefusal(place, operation, error) : undefined) ?? error;
      });
      if (compareStored(answer, body, checksum) === "other") throw otherBytesError(place, key);
      checkEncrypted(place, key, answer);
    },
    body.length,
  );
}

function tooLarge({ url, sizes }: S3Place, key: string, sizeBytes: number): UserError {
  return new UserError(
    `${url}: ${key} has ${sizeBytes} bytes, and a single put may have ${sizes.putMaxBytes}; ` +
      "let these credentials upload in parts (s3:PutObject and s3:AbortMultipartUpload), or make batches smaller",
    exitCode.config,
  );
}
