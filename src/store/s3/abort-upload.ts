import { AbortMultipartUploadCommand } from "@aws-sdk/client-s3";
import { attempt } from "./attempt.ts";
import type { S3Place } from "./s3-place.ts";

/** Ends an upload, with all its parts; one that has ended by itself is no failure. Throws UserError. */
export function abortUpload(place: S3Place, key: string, uploadId: string): Promise<void> {
  const command = new AbortMultipartUploadCommand({
    Bucket: place.bucket,
    Key: place.base + key,
    UploadId: uploadId,
  });
  return attempt(place, `AbortMultipartUpload ${key}`, async ({ signal }) => {
    try {
      await place.client.send(command, { abortSignal: signal });
    } catch (error) {
      const isGone = error instanceof Error && error.name === "NoSuchUpload";
      if (!isGone) throw error;
    }
  });
}
