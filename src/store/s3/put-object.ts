import { createHash } from "node:crypto";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import { attempt } from "./attempt.ts";
import type { S3Place } from "./s3-place.ts";

/**
 * One PUT, so that an object is there whole or not at all. The checksum is that of the bytes in hand, taken
 * before anything is sent, and named as an algorithm too, because Ceph checks it only then.
 *
 * "exists" may mean our own object: an answer that got lost is followed by 412 to the next attempt. The
 * caller compares contents where it matters, which is right in both cases.
 */
export async function putObject(
  place: S3Place,
  key: string,
  body: Uint8Array,
): Promise<"created" | "exists"> {
  const checksum = createHash("sha256").update(body).digest("base64");
  const command = new PutObjectCommand({
    Bucket: place.bucket,
    Key: place.base + key,
    Body: body,
    ContentLength: body.length,
    IfNoneMatch: "*",
    ChecksumAlgorithm: "SHA256",
    ChecksumSHA256: checksum,
  });
  return attempt(
    place,
    async ({ signal }) => {
      try {
        const { ChecksumSHA256: stored } = await place.client.send(command, { abortSignal: signal });
        // A server that knows no checksums says none.
        if (stored !== undefined && stored !== checksum) throw corrupted(place, key);
        return "created";
      } catch (error) {
        if (error instanceof Error && error.name === "PreconditionFailed") return "exists";
        throw error;
      }
    },
    body.length,
  );
}

function corrupted({ url }: S3Place, key: string): UserError {
  return new UserError(
    `${url}: the server says that it stored other bytes for ${key} than it was sent; ` +
      "check the server's disks, and have the object looked at before it is relied on",
    exitCode.integrity,
  );
}
