import { DeleteObjectCommand } from "@aws-sdk/client-s3";
import { UserError } from "../../errors.ts";
import { attempt } from "./attempt.ts";
import { inHaste } from "./in-haste.ts";
import type { S3Place } from "./s3-place.ts";
import type { FaultOfStored } from "./stored-as-sent.ts";

/**
 * Removes what a put of ours has just stored otherwise than asked, so that no later run takes it for good, and
 * returns the error to throw, which says whether that went well. `versionId` is that of the put's answer, if it
 * named one: then nothing else can be hit. Credentials that may not remove, as a node's, leave it to a person.
 */
export async function takeBack(
  place: S3Place,
  key: string,
  versionId: string | undefined,
  { said, advice, code }: FaultOfStored,
): Promise<UserError> {
  const isRemoved = await remove(inHaste(place), key, versionId);
  const version =
    versionId !== undefined && /^[\w.-]{1,200}$/.test(versionId) ? ` (version ${versionId})` : "";
  const outcome = isRemoved
    ? "It was removed again;"
    : `It could NOT be removed again with these credentials: remove the object${version} by hand,`;
  return new UserError(`${said}. ${outcome} ${advice}`, code);
}

async function remove(place: S3Place, key: string, versionId: string | undefined): Promise<boolean> {
  const command = new DeleteObjectCommand({
    Bucket: place.bucket,
    Key: place.base + key,
    VersionId: versionId,
  });
  try {
    const { DeleteMarker: isMarker } = await attempt(place, `DeleteObject ${key}`, ({ signal }) =>
      place.client.send(command, { abortSignal: signal }),
    );
    // In front of an object that stays.
    return isMarker !== true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}
