import {
  CreateBucketCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  type LifecycleRule,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutPublicAccessBlockCommand,
} from "@aws-sdk/client-s3";
import type { BucketRule } from "../access/backstop-rules.ts";
import type { DefaultEncryption } from "../access/bucket-settings.ts";
import type { BucketState } from "../access/setup-state.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { attempt } from "../store/s3/attempt.ts";
import { refusalOf } from "../store/s3/refusal.ts";
import type { S3Place } from "../store/s3/s3-place.ts";

const missing: BucketState = {
  exists: false,
  versioning: "never",
  isPublicBlocked: false,
  lifecycleRules: [],
  encryption: undefined,
  hasPolicies: true,
  policy: undefined,
};

/** How a bucket is set up. Throws UserError when these credentials may not know it. */
export async function readBucket(place: S3Place): Promise<BucketState> {
  if (!(await bucketExists(place))) return missing;
  const versioning = await read(place, "GetBucketVersioning", async ({ client, bucket }) => {
    return (await client.send(new GetBucketVersioningCommand({ Bucket: bucket }))).Status ?? "never";
  });
  const isPublicBlocked = await read(place, "GetPublicAccessBlock", async ({ client, bucket }) => {
    const answer = await client.send(new GetPublicAccessBlockCommand({ Bucket: bucket }));
    const block = answer.PublicAccessBlockConfiguration ?? {};
    const { BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets } = block;
    return [BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets].every(
      (setting) => setting === true,
    );
  });
  const encryption = await read(place, "GetBucketEncryption", async ({ client, bucket }) => {
    const answer = await client.send(new GetBucketEncryptionCommand({ Bucket: bucket }));
    return answer.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault;
  });
  const policy = await read(place, "GetBucketPolicy", async ({ client, bucket }) => {
    return { text: (await client.send(new GetBucketPolicyCommand({ Bucket: bucket }))).Policy };
  });
  const lifecycle = await readLifecycle(place);
  return {
    exists: true,
    versioning: versioning ?? "never",
    isPublicBlocked: isPublicBlocked ?? false,
    lifecycleRules: lifecycle === "unsupported" ? lifecycle : lifecycle.rules.map(plain),
    encryption: plain(encryption),
    hasPolicies: policy !== "unsupported",
    policy: policy === "unsupported" ? undefined : policy?.text,
  };
}

export async function createBucket(place: S3Place): Promise<void> {
  await attempt(place, "CreateBucket", async ({ signal }) => {
    try {
      await place.client.send(new CreateBucketCommand({ Bucket: place.bucket }), { abortSignal: signal });
    } catch (error) {
      const name = error instanceof Error ? error.name : "";
      if (name === "BucketAlreadyOwnedByYou") return;
      if (name !== "BucketAlreadyExists") throw error;
      throw new UserError(
        `the bucket ${place.bucket} belongs to somebody else; choose another name in the store's URL`,
        exitCode.config,
        { cause: error },
      );
    }
  });
}

export async function blockPublicAccess(place: S3Place): Promise<void> {
  const command = new PutPublicAccessBlockCommand({
    Bucket: place.bucket,
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: true,
    },
  });
  await attempt(place, "PutPublicAccessBlock", ({ signal }) =>
    place.client.send(command, { abortSignal: signal }),
  );
}

/** Adds rules to those that are there now; one with the same id is replaced. */
export async function addLifecycleRules(place: S3Place, rules: readonly BucketRule[]): Promise<void> {
  const found = await readLifecycle(place);
  if (found === "unsupported") return;
  const ours = new Set<string | undefined>(rules.map(({ ID }) => ID));
  const { minimumSize } = found;
  const command = new PutBucketLifecycleConfigurationCommand({
    Bucket: place.bucket,
    ...(minimumSize === undefined ? {} : { TransitionDefaultMinimumObjectSize: minimumSize }),
    LifecycleConfiguration: { Rules: [...found.rules.filter(({ ID }) => !ours.has(ID)), ...rules] },
  });
  await attempt(place, "PutBucketLifecycleConfiguration", ({ signal }) =>
    place.client.send(command, { abortSignal: signal }),
  );
}

export async function setEncryption(place: S3Place, encryption: DefaultEncryption): Promise<void> {
  const command = new PutBucketEncryptionCommand({
    Bucket: place.bucket,
    ServerSideEncryptionConfiguration: { Rules: [{ ApplyServerSideEncryptionByDefault: encryption }] },
  });
  await attempt(place, "PutBucketEncryption", ({ signal }) =>
    place.client.send(command, { abortSignal: signal }),
  );
}

export async function setBucketPolicy(place: S3Place, policy: string): Promise<void> {
  const command = new PutBucketPolicyCommand({ Bucket: place.bucket, Policy: policy });
  await attempt(place, "PutBucketPolicy", ({ signal }) =>
    place.client.send(command, { abortSignal: signal }),
  );
}

/** Without fields that are there and undefined, so that it compares. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

export function bucketExists(place: S3Place): Promise<boolean> {
  return attempt(place, "HeadBucket", async ({ signal }) => {
    try {
      await place.client.send(new HeadBucketCommand({ Bucket: place.bucket }), { abortSignal: signal });
      return true;
    } catch (error) {
      if (error instanceof Error && error.name === "NotFound") return false;
      throw error;
    }
  });
}

interface FoundLifecycle {
  readonly rules: readonly LifecycleRule[];
  readonly minimumSize: "all_storage_classes_128K" | "varies_by_storage_class" | undefined;
}

async function readLifecycle(place: S3Place): Promise<FoundLifecycle | "unsupported"> {
  const found = await read(place, "GetBucketLifecycleConfiguration", async ({ client, bucket }) => {
    const command = new GetBucketLifecycleConfigurationCommand({ Bucket: bucket });
    const answer = await client.send(command);
    return { rules: answer.Rules ?? [], minimumSize: answer.TransitionDefaultMinimumObjectSize };
  });
  return found ?? { rules: [], minimumSize: undefined };
}

/** What servers call a setting that was never made. Source: Amazon S3 API, "List of error codes". */
const notConfigured: ReadonlySet<string> = new Set([
  "NoSuchPublicAccessBlockConfiguration",
  "NoSuchLifecycleConfiguration",
  "ServerSideEncryptionConfigurationNotFoundError",
  "NoSuchBucketPolicy",
]);

/** Undefined for what is not configured, "unsupported" for what the server does not know. */
function read<T>(
  place: S3Place,
  operation: string,
  ask: (place: S3Place) => Promise<T>,
): Promise<T | undefined | "unsupported"> {
  return attempt(place, operation, async () => {
    try {
      return await ask(place);
    } catch (error) {
      if (error instanceof Error && notConfigured.has(error.name)) return undefined;
      if (refusalOf(error) === "unsupported") return "unsupported";
      throw error;
    }
  });
}
