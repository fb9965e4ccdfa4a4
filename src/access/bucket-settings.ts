import type { S3Encryption } from "../../config/config.ts";
import { sha256Hex } from "../sha256.ts";
import { type BucketRule, bucketRules, type KeptTerms } from "./backstop-rules.ts";
import { bucketArn, type Statement } from "./policy.ts";
import type { Root } from "./rights.ts";
import type { RootPlace } from "./s3-roots.ts";
import type { ServerTraits } from "./server-traits.ts";

/** What a bucket is wanted to be, as far as hostlog has a say in it. Versions are never switched on or off. */
export interface BucketSettings {
  readonly bucket: string;
  readonly roots: readonly Root[];
  /** Beside those of others in the bucket's lifecycle. */
  readonly lifecycleRules: readonly BucketRule[];
  /** Beside those of others in the bucket's policy. */
  readonly policyStatements: readonly Statement[];
  /** What is stored without a word on encryption. Undefined: as the server likes. */
  readonly encryption: DefaultEncryption | undefined;
}

/** Source: Amazon S3 API, "ServerSideEncryptionByDefault". */
export type DefaultEncryption =
  | { readonly SSEAlgorithm: "AES256" }
  | { readonly SSEAlgorithm: "aws:kms"; readonly KMSMasterKeyID?: string };

/** How the name of our statement in a bucket's policy begins; what follows tells stores apart that share it. */
export const TRANSIT_SID = "HostlogTls";

/** What the settings follow from. */
export interface SettingsGround {
  readonly encryption: S3Encryption | undefined;
  readonly traits: ServerTraits;
  readonly terms: KeptTerms;
}

/** The settings of every bucket that holds a root. */
export function bucketSettings(
  places: readonly RootPlace[],
  { encryption, traits, terms }: SettingsGround,
): readonly BucketSettings[] {
  const buckets = [...new Set(places.map(({ bucket }) => bucket))];
  return buckets.map((bucket) => {
    const ours = places.filter((place) => place.bucket === bucket);
    return {
      bucket,
      roots: ours.map(({ root }) => root),
      lifecycleRules: ours.flatMap((place) => bucketRules(place, terms)),
      policyStatements: traits.transit === "enforced" ? [encryptedTransit(bucket, ours, traits)] : [],
      encryption: defaultEncryption(encryption),
    };
  });
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
