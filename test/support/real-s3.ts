import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import type { S3Settings } from "../../config/config.ts";
import { inParallel } from "../../src/in-parallel.ts";

// What the tests on a server that others wrote are told about it. A variable that is missing fails the test
// that needs it, for a test that is passed over in silence shows nothing.

/** Endpoint, region and credentials, an administrator's, come from the AWS_ variables. */
export const realSettings: S3Settings = { endpoint: undefined, region: undefined, forcePathStyle: true };

/** Where objects may be made and removed: `HOSTLOG_TEST_S3_URL=s3://bucket/prefix`. */
export function realPlace(): { readonly bucket: string; readonly prefix: string } {
  const text = variable("HOSTLOG_TEST_S3_URL", "s3://bucket/prefix, beside the usual AWS_ variables");
  const [, bucket, prefix] = /^s3:\/\/([^/]+)\/(.+[^/])$/.exec(text) ?? [];
  if (bucket === undefined || prefix === undefined) {
    throw new Error("HOSTLOG_TEST_S3_URL must have the form s3://bucket/prefix");
  }
  return { bucket, prefix };
}

/** The same server behind TLS, with the file of the authority that certified it. */
export function realTlsSettings(): S3Settings {
  return {
    ...realSettings,
    endpoint: variable("HOSTLOG_TEST_S3_TLS_ENDPOINT", "the server's URL that begins with https://"),
    authorityFile: variable("HOSTLOG_TEST_S3_CA_FILE", "the PEM file of the authority that certified it"),
  };
}

const runProgram = promisify(execFile);

/** A part of the server: its gateway, its disk, its monitor, or the three of them. */
export type ServerPart = "rgw" | "osd" | "mon" | "all";

/**
 * Has something done to the server by the command that `HOSTLOG_TEST_S3_CONTROL` names, and waits until it is
 * done: `crash PART` (SIGKILL), `start` (what is down, and waits for an answer), `pause PART` (SIGSTOP),
 * `resume PART`, `quota BUCKET OBJECTS`, `quota BUCKET off`.
 */
export async function controlServer(
  ...words:
    | readonly ["crash" | "pause" | "resume", ServerPart]
    | readonly ["start"]
    | readonly ["quota", string, string]
): Promise<void> {
  const command = variable(
    "HOSTLOG_TEST_S3_CONTROL",
    "a command that takes crash, start, pause, resume and quota",
  );
  await runProgram(command, words);
}

/** A bucket of its own for some tests. */
export interface TestBucket {
  readonly bucket: string;
  /** Removes the bucket with all that is in it. */
  dispose(): Promise<void>;
}

export async function createTestBucket({
  isVersioned = false,
}: {
  readonly isVersioned?: boolean;
} = {}): Promise<TestBucket> {
  const bucket = `${realPlace().bucket}-${randomBytes(4).toString("hex")}`;
  const client = new S3Client({ forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  if (isVersioned) {
    const VersioningConfiguration = { Status: "Enabled" } as const;
    await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
  }
  return {
    bucket,
    async dispose() {
      await emptyBucket(client, bucket);
      await client.send(new DeleteBucketCommand({ Bucket: bucket }));
      client.destroy();
    },
  };
}

/** With the SDK alone, so that a fault of our own store cannot keep the server from being tidied. */
async function emptyBucket(client: S3Client, Bucket: string): Promise<void> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
  for (const { Key, UploadId } of Uploads) {
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  }
  for (;;) {
    const { Versions = [], DeleteMarkers = [] } = await client.send(
      new ListObjectVersionsCommand({ Bucket }),
    );
    if (Versions.length + DeleteMarkers.length === 0) return;
    await inParallel([...Versions, ...DeleteMarkers], 8, async ({ Key, VersionId }) => {
      await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
    });
  }
}

/** The AWS_ variables, for a program that is to reach the same server as these tests. */
export function awsEnvironment(): Readonly<Record<string, string>> {
  const known = Object.entries(process.env).filter(([name]) => name.startsWith("AWS_"));
  return Object.fromEntries(known.map(([name, value]) => [name, value ?? ""]));
}

function variable(name: string, meaning: string): string {
  const value = process.env[name];
  if (value !== undefined && value !== "") return value;
  throw new Error(`this test needs a real S3 server: set ${name} to ${meaning}`);
}
