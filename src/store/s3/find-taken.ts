import { HeadObjectCommand, type HeadObjectCommandOutput } from "@aws-sdk/client-s3";
import { AccessDeniedError, ObjectNotFoundError } from "../object-store.ts";
import { attempt } from "./attempt.ts";
import { readError } from "./read-error.ts";
import type { S3Place } from "./s3-place.ts";
import { withCustomerKey } from "./with-customer-key.ts";

/**
 * What a HEAD tells of the object at a key. Undefined when none is there, or when these credentials may not
 * know: a node's may not. Throws UserError.
 */
export async function findTaken(place: S3Place, key: string): Promise<HeadObjectCommandOutput | undefined> {
  try {
    return await attempt(place, `HeadObject ${key}`, async ({ signal }) => {
      try {
        return await withCustomerKey(place.atRest, (customerKey) =>
          place.client.send(
            new HeadObjectCommand({ Bucket: place.bucket, Key: place.base + key, ...customerKey }),
            { abortSignal: signal },
          ),
        );
      } catch (error) {
        throw await readError(place, key, error, signal);
      }
    });
  } catch (error) {
    if (error instanceof ObjectNotFoundError || error instanceof AccessDeniedError) return undefined;
    throw error;
  }
}
