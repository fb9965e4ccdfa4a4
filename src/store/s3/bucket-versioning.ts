import { GetBucketVersioningCommand } from "@aws-sdk/client-s3";
import { attempt } from "./attempt.ts";
import { refusalOf } from "./refusal.ts";
import type { S3Place } from "./s3-place.ts";

/**
 * "never": the bucket holds one version of each object. "kept": it holds, or may hold, others too, also when
 * versioning is suspended. "unknown": these credentials may not ask.
 *
 * An answer without a Status is believed to mean "never". A bucket whose versioning was ever switched on answers
 * Enabled or Suspended, and cannot be brought back to saying nothing. Sources: Amazon S3 API, GetBucketVersioning;
 * Ceph 20.2.4 as seen; the manuals of Scality Zenko, Oracle ZFS and Huawei OBS, the source of NooBaa. Versity before its
 * issue 840 answered an empty Status instead, which counts as "kept". Swift without object_versioning always says nothing:
 * what its versioned_writes keep lies in another container, which no S3 request reaches.
 */
export type BucketVersioning = "never" | "kept" | "unknown";

/** Versioning can be switched on at any time, so an answer is not relied on for longer. */
const TRUSTED_MS = 120_000;

const answers = new WeakMap<S3Place, { readonly versioning: BucketVersioning; readonly untilMs: number }>();

/** What the server says, asked once for some minutes. Throws UserError. */
export async function bucketVersioning(place: S3Place): Promise<BucketVersioning> {
  const known = answers.get(place);
  if (known !== undefined && performance.now() < known.untilMs) return known.versioning;
  const versioning = await askVersioning(place);
  noteVersioning(place, versioning);
  return versioning;
}

/** For who has learnt it otherwise: from a delete that left a marker, from a listing that the server does not know. */
export function noteVersioning(place: S3Place, versioning: BucketVersioning): void {
  answers.set(place, { versioning, untilMs: performance.now() + TRUSTED_MS });
}

async function askVersioning(place: S3Place): Promise<BucketVersioning> {
  const command = new GetBucketVersioningCommand({ Bucket: place.bucket });
  return attempt(place, "GetBucketVersioning", async ({ signal }) => {
    try {
      const { Status: status } = await place.client.send(command, { abortSignal: signal });
      return status === undefined ? "never" : "kept";
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === undefined) throw error;
      return refusal === "denied" ? "unknown" : "never";
    }
  });
}
