import type { S3Encryption } from "../../config/config.ts";
import type { KeptTerms } from "./backstop-rules.ts";
import { type BucketSettings, bucketSettings } from "./bucket-settings.ts";
import { type Policy, policyOf } from "./policy.ts";
import { type Role, userNameOf } from "./role.ts";
import type { RootPlace } from "./s3-roots.ts";
import type { KnownTraits, ServerTraits } from "./server-traits.ts";

/** What a store's server is wanted to be like. */
export interface SetupWish {
  readonly buckets: readonly BucketSettings[];
  readonly users: readonly UserWish[];
}

export interface UserWish {
  readonly role: Role;
  readonly name: string;
  readonly policy: Policy;
}

export interface WishGround {
  readonly places: readonly RootPlace[];
  readonly roles: readonly Role[];
  readonly encryption: S3Encryption | undefined;
  readonly traits: ServerTraits;
  readonly userPrefix: string;
  readonly terms: KeptTerms;
}

export function setupWish({ places, roles, encryption, traits, userPrefix, terms }: WishGround): SetupWish {
  const keyArn = keyArnOf(encryption);
  return {
    buckets: bucketSettings(places, { encryption, traits, terms }),
    users: roles.map((role) => ({
      role,
      name: userNameOf(role, userPrefix),
      policy: policyOf(role, { places, traits, keyArn }),
    })),
  };
}

/** A sentence where the roles will lack leave to use the key of Amazon's key service. */
export function keyNotes({ isAmazon }: KnownTraits, encryption: S3Encryption | undefined): readonly string[] {
  if (!isAmazon || encryption?.kind !== "kms-key" || keyArnOf(encryption) !== undefined) return [];
  return [
    "the policies give no leave to use the encryption key, as they can name it by its ARN only: write s3.encryption.kms_key so.",
  ];
}

/** A policy names a key by its ARN only; servers that are not Amazon's name theirs otherwise, and ask for no leave. */
function keyArnOf(encryption: S3Encryption | undefined): string | undefined {
  if (encryption?.kind !== "kms-key") return undefined;
  return encryption.key?.startsWith("arn:") === true ? encryption.key : undefined;
}
