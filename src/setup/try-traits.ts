import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import {
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import type { S3Settings } from "../../config/config.ts";
import { bucketArn, type Policy, type Statement } from "../access/policy.ts";
import type { ServerTraits } from "../access/server-traits.ts";
import { attempt } from "../store/s3/attempt.ts";
import { refusalOf } from "../store/s3/refusal.ts";
import type { S3Place } from "../store/s3/s3-place.ts";
import type { Administration } from "./administration.ts";
import { createBucket } from "./bucket-calls.ts";
import { createAccessKey, createUser, deleteUser, putUserPolicy } from "./user-calls.ts";

/** Where a trial is made: both are made for it and removed behind it, so nobody else may have such names. */
export interface TrialGround {
  readonly administration: Administration;
  readonly settings: S3Settings;
  readonly bucket: string;
  readonly user: string;
}

/** Until a new user's policy holds everywhere: then a denial is one. */
const TRIES = 6;
const TRY_DELAY_MS = 300;

/** True when a policy that forbids puts which could replace an object lets the others through. */
export function knowsConditionalPuts(ground: TrialGround, traits: ServerTraits): Promise<boolean> {
  const forbidden: Statement = {
    Sid: "Trial",
    Effect: "Deny",
    Action: "s3:PutObject",
    Resource: "*",
    Condition: { Null: { "s3:if-none-match": "true" } },
  };
  return withTrial(ground, traits, forbidden, async (put) => (await put("*")) && !(await put(undefined)));
}

/** True when a policy that forbids plain http lets through what comes over these connections, which are encrypted. */
export function seesTransit(ground: TrialGround, traits: ServerTraits): Promise<boolean> {
  const forbidden: Statement = {
    Sid: "Trial",
    Effect: "Deny",
    Action: "s3:PutObject",
    Resource: "*",
    Condition: { BoolIfExists: { "aws:SecureTransport": "false" } },
  };
  return withTrial(ground, traits, forbidden, (put) => put("*"));
}

/** Puts a new object; true when it was stored, false when it was denied. */
type TrialPut = (ifNoneMatch: "*" | undefined) => Promise<boolean>;

async function withTrial(
  ground: TrialGround,
  traits: ServerTraits,
  forbidden: Statement,
  ask: (put: TrialPut) => Promise<boolean>,
): Promise<boolean> {
  const { administration, bucket, user } = ground;
  const place = await administration.openBucket(bucket);
  await createBucket(place);
  try {
    await createUser(administration, user);
    await putUserPolicy(administration, user, trialPolicy(bucketArn(traits, bucket), forbidden));
    const { id, secret } = await createAccessKey(administration, user);
    const client = clientLike(place, ground.settings, { accessKeyId: id, secretAccessKey: secret });
    return await ask((ifNoneMatch) => putOrDenied({ ...place, client }, randomUUID(), ifNoneMatch));
  } finally {
    await deleteUser(administration, user);
    await removeBucket(place);
  }
}

function trialPolicy(arn: string, forbidden: Statement): Policy {
  const allowed: Statement = {
    Sid: "Allowed",
    Effect: "Allow",
    Action: "s3:PutObject",
    Resource: `${arn}/*`,
  };
  return { Version: "2012-10-17", Statement: [allowed, forbidden] };
}

async function putOrDenied(place: S3Place, key: string, ifNoneMatch: "*" | undefined): Promise<boolean> {
  for (let number = 1; ; number++) {
    const isStored = await attempt(place, `PutObject ${key}`, async ({ signal }) => {
      const command = new PutObjectCommand({
        Bucket: place.bucket,
        Key: key,
        Body: "trial",
        ChecksumAlgorithm: "SHA256",
        ...(ifNoneMatch === undefined ? {} : { IfNoneMatch: ifNoneMatch }),
      });
      try {
        await place.client.send(command, { abortSignal: signal });
        return true;
      } catch (error) {
        if (error instanceof Error && error.name === "PreconditionFailed") return true;
        // A key that was just made is not known everywhere at once.
        const isNew = error instanceof Error && error.name === "InvalidAccessKeyId";
        if (isNew || refusalOf(error) === "denied") return false;
        throw error;
      }
    });
    if (isStored || number === TRIES) return isStored;
    await delay(TRY_DELAY_MS);
  }
}

/** A client that reaches the same server the same way, as somebody else. */
function clientLike(
  { client: { config } }: S3Place,
  settings: S3Settings,
  credentials: { readonly accessKeyId: string; readonly secretAccessKey: string },
): S3Client {
  return new S3Client({
    region: config.region,
    forcePathStyle: config.forcePathStyle === true,
    ...(settings.endpoint === undefined ? {} : { endpoint: settings.endpoint }),
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    maxAttempts: 1,
    requestHandler: config.requestHandler,
    credentials,
  });
}

/** With what the trial put there. */
async function removeBucket(place: S3Place): Promise<void> {
  const { bucket: Bucket, client } = place;
  const { Contents: left = [] } = await attempt(place, "ListObjectsV2", () =>
    client.send(new ListObjectsV2Command({ Bucket })),
  );
  for (const { Key } of left) {
    await attempt(place, "DeleteObject", () => client.send(new DeleteObjectCommand({ Bucket, Key })));
  }
  await attempt(place, "DeleteBucket", () => client.send(new DeleteBucketCommand({ Bucket })));
}
