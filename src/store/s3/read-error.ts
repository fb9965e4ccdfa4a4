import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import { ObjectNotFoundError } from "../object-store.ts";
import type { S3Place } from "./s3-place.ts";
import { type S3ErrorShape, s3TroubleOf } from "./s3-trouble.ts";

/**
 * What the error of a GET or HEAD means. Amazon answers 403 for an object that is not there to one who may
 * not list the whole bucket, even if this part of it may be listed: so the part is asked for ("GetObject",
 * permissions). A HEAD's answer has no body, so its error's name is made of the status alone.
 */
export async function readError(
  place: S3Place,
  key: string,
  error: unknown,
  signal: AbortSignal,
): Promise<unknown> {
  if (!(error instanceof Error)) return error;
  const isMissing = error.name === "NoSuchKey" || error.name === "NotFound";
  if (isMissing) return new ObjectNotFoundError(key, place.url, { cause: error });
  if (s3TroubleOf(error) === "denied") return missingOrDenied(place, key, error, signal);
  if (isOfCustomerKey(error)) return otherKey(place, key, error);
  return error;
}

async function missingOrDenied(
  place: S3Place,
  key: string,
  denial: Error,
  signal: AbortSignal,
): Promise<Error> {
  const name = place.base + key;
  const command = new ListObjectsV2Command({ Bucket: place.bucket, Prefix: name, MaxKeys: 1 });
  try {
    // The key itself sorts before all others that begin with it.
    const { Contents: [first] = [] } = await place.client.send(command, { abortSignal: signal });
    return first?.Key === name ? denial : new ObjectNotFoundError(key, place.url, { cause: denial });
  } catch (error) {
    return error instanceof Error && s3TroubleOf(error) !== "denied" ? error : denial;
  }
}

/** Ceph says InvalidArgument, Amazon InvalidRequest, and a HEAD nothing but the status. */
function isOfCustomerKey({ name, $metadata: metadata }: Error & S3ErrorShape): boolean {
  return metadata?.httpStatusCode === 400 && /^(?:InvalidArgument|InvalidRequest|Unknown|400)$/.test(name);
}

function otherKey({ url }: S3Place, key: string, cause: Error): UserError {
  return new UserError(
    `${url}: the S3 server refuses to give ${key}; if it was encrypted with a customer's key, ` +
      `s3.encryption must name that very key (HTTP 400)`,
    exitCode.config,
    { cause },
  );
}
