import { GetObjectRetentionCommand } from "@aws-sdk/client-s3";
import { UserError } from "../../errors.ts";
import { attempt } from "./attempt.ts";
import type { S3Place } from "./s3-place.ts";

/** Until when object lock keeps a version, ISO 8601. Undefined when it does not, or nobody says. */
export async function lockedUntil(
  place: S3Place,
  { key, versionId }: { readonly key: string; readonly versionId: string },
): Promise<string | undefined> {
  const command = new GetObjectRetentionCommand({
    Bucket: place.bucket,
    Key: place.base + key,
    VersionId: versionId,
  });
  try {
    return await attempt(place, `GetObjectRetention ${key}`, async ({ signal }) => {
      const { Retention: retention } = await place.client.send(command, { abortSignal: signal });
      return retention?.RetainUntilDate?.toISOString();
    });
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
