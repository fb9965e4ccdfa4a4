import type { S3Encryption } from "../../config/config.ts";
import { sha256Hex } from "../sha256.ts";
import { bucketArn, type Statement } from "./policy.ts";
import type { Root } from "./rights.ts";
import type { RootPlace } from "./s3-roots.ts";
import type { ServerTraits } from "./server-traits.ts";

/** What a bucket is wanted to be, as far as hostlog has a say in it. Versions are never switched on or off. */
export interface BucketSettings {
  readonly bucket: string;
  readonly roots: readonly Root[];
  /** Beside those of others in the bucket's lifecycle. */
  readonly lifecycleRules: readonly AbortRule[];
  /** Beside those of others in the bucket's policy. */
  readonly policyStatements: readonly Statement[];
  /** What is stored without a word on encryption. Undefined: as the server likes. */
  readonly encryption: DefaultEncryption | undefined;
}

/** Source: Amazon S3 API, "LifecycleRule". */
export interface AbortRule {
  readonly ID: string;
  readonly Status: "Enabled";
  readonly Filter: { readonly Prefix: string };
  readonly AbortIncompleteMultipartUpload: { readonly DaysAfterInitiation: number };
}

/** Source: Amazon S3 API, "ServerSideEncryptionByDefault". */
export type DefaultEncryption =
  | { readonly SSEAlgorithm: "AES256" }
  | { readonly SSEAlgorithm: "aws:kms"; readonly KMSMasterKeyID?: string };

/** How the name of our statement in a bucket's policy begins; what follows tells stores apart that share it. */
export const TRANSIT_SID = "HostlogTls";

/**
 * The settings of every bucket that holds a root.
 *
 * One day for uploads that were never finished: none of ours takes that long, and their parts are in no listing
 * of objects. No rule lets objects expire: a lifecycle counts from when an object was made, not from the day of
 * its lines, and what it removes has no record in the ledger. Source: Amazon S3 user guide, "Lifecycle".
 */
export function bucketSettings(
  places: readonly RootPlace[],
  encryption: S3Encryption | undefined,
  traits: ServerTraits,
): readonly BucketSettings[] {
  const buckets = [...new Set(places.map(({ bucket }) => bucket))];
  return buckets.map((bucket) => {
    const ours = places.filter((place) => place.bucket === bucket);
    return {
      bucket,
      roots: ours.map(({ root }) => root),
      lifecycleRules: ours.map(({ base }) => abortRule(base)),
      policyStatements: traits.transit === "enforced" ? [encryptedTransit(bucket, ours, traits)] : [],
      encryption: defaultEncryption(encryption),
    };
  });
}

/** The id says which prefix the rule is for, so that stores that share a bucket keep apart. */
function abortRule(base: string): AbortRule {
  return {
    ID: `hostlog-abort-uploads-${sha256Hex(base).slice(0, 12)}`,
    Status: "Enabled",
    Filter: { Prefix: base },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
  };
}

/**
 * Not on `s3:*`: whoever administers the bucket must be able to take it back. "IfExists", because Ceph tells a
 * policy of encrypted connections only, never that one is not.
 */
function encryptedTransit(bucket: string, places: readonly RootPlace[], traits: ServerTraits): Statement {
  const arn = bucketArn(traits, bucket);
  return {
    Sid: transitSid(places),
    Effect: "Deny",
    Principal: "*",
    Action: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:ListBucket"],
    Resource: [arn, ...places.map(({ base }) => `${arn}/${base}*`)],
    Condition: { BoolIfExists: { "aws:SecureTransport": "false" } },
  };
}

function transitSid(places: readonly RootPlace[]): string {
  return `${TRANSIT_SID}${sha256Hex(...places.map(({ base }) => `${base}\n`)).slice(0, 12)}`;
}

/** A customer's key is sent along with each request and cannot be a bucket's default. */
function defaultEncryption(encryption: S3Encryption | undefined): DefaultEncryption | undefined {
  if (encryption?.kind === "server-key") return { SSEAlgorithm: "AES256" };
  if (encryption?.kind !== "kms-key") return undefined;
  return encryption.key === undefined
    ? { SSEAlgorithm: "aws:kms" }
    : { SSEAlgorithm: "aws:kms", KMSMasterKeyID: encryption.key };
}
