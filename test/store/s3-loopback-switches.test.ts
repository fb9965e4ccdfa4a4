import { randomBytes } from "node:crypto";
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetBucketPolicyStatusCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  at,
  bytesOf,
  loopbackClient,
  md5Text,
  put,
  refusal,
  sha256Text,
} from "../support/s3/loopback-client.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";

// Other tests rely on the server that runs in their own process, and on how it can be made to differ.

const body = Buffer.from("192.0.2.1 was here");

let server: S3Server;
let client: S3Client;

beforeEach(async () => {
  server = await startS3Server();
  client = loopbackClient(server.endpoint);
});
afterEach(async () => {
  client.destroy();
  await server.close();
});

describe("a bucket's settings", () => {
  const bucket = { Bucket: "logs" };

  it("are not there until somebody makes them", async () => {
    const missing: readonly (readonly [string, Promise<unknown>])[] = [
      ["NoSuchLifecycleConfiguration", client.send(new GetBucketLifecycleConfigurationCommand(bucket))],
      ["NoSuchPublicAccessBlockConfiguration", client.send(new GetPublicAccessBlockCommand(bucket))],
      ["ServerSideEncryptionConfigurationNotFoundError", client.send(new GetBucketEncryptionCommand(bucket))],
      ["ObjectLockConfigurationNotFoundError", client.send(new GetObjectLockConfigurationCommand(bucket))],
      ["NoSuchBucketPolicy", client.send(new GetBucketPolicyStatusCommand(bucket))],
    ];
    for (const [name, answer] of missing) expect(await refusal(answer)).toEqual([404, name]);
    expect(await client.send(new GetBucketLocationCommand(bucket))).not.toHaveProperty("LocationConstraint");
    expect(await client.send(new GetBucketVersioningCommand(bucket))).not.toHaveProperty("Status");
  });

  it("come back as they were put", async () => {
    await client.send(
      new PutBucketVersioningCommand({ ...bucket, VersioningConfiguration: { Status: "Enabled" } }),
    );
    expect(await client.send(new GetBucketVersioningCommand(bucket))).toMatchObject({ Status: "Enabled" });
    expect(server.versioning.get("logs")).toBe("Enabled");
    const rule = {
      ID: "uploads",
      Status: "Enabled",
      Filter: { Prefix: "p/" },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
    } as const;
    await client.send(
      new PutBucketLifecycleConfigurationCommand({ ...bucket, LifecycleConfiguration: { Rules: [rule] } }),
    );
    const lifecycle = await client.send(new GetBucketLifecycleConfigurationCommand(bucket));
    expect(lifecycle.Rules).toEqual([rule]);
    server.settings.set("logs?policyStatus", {
      body: "<PolicyStatus><IsPublic>true</IsPublic></PolicyStatus>",
    });
    const { PolicyStatus: status } = await client.send(new GetBucketPolicyStatusCommand(bucket));
    expect(status).toEqual({ IsPublic: true });
    server.settings.set("logs?lifecycle", {
      status: 501,
      body: "<Error><Code>NotImplemented</Code></Error>",
    });
    expect(await refusal(client.send(new GetBucketLifecycleConfigurationCommand(bucket)))).toEqual([
      501,
      "NotImplemented",
    ]);
  });

  it("wait for the bucket, where that is missing", async () => {
    server.missingBuckets.add("logs");
    expect(await refusal(client.send(new HeadBucketCommand(bucket)))).toEqual([404, "NotFound"]);
    expect(await refusal(client.send(put(body)))).toEqual([404, "NoSuchBucket"]);
    await client.send(new CreateBucketCommand({ ...bucket, ObjectLockEnabledForBucket: true }));
    await client.send(new HeadBucketCommand(bucket));
    const { ObjectLockConfiguration: lock } = await client.send(
      new GetObjectLockConfigurationCommand(bucket),
    );
    expect(lock).toEqual({ ObjectLockEnabled: "Enabled" });
    expect(server.versioning.get("logs")).toBe("Enabled");
    expect(await refusal(client.send(new CreateBucketCommand(bucket)))).toEqual([
      409,
      "BucketAlreadyOwnedByYou",
    ]);
  });
});

describe("the switches", () => {
  it("deny by operation, name and query, and note what was asked", async () => {
    server.objects.set("logs/a", body);
    server.may = (operation, name, query) =>
      operation === "ListObjectsV2" ? query.get("prefix") === "a" : name !== "logs/a";
    expect(await refusal(client.send(new GetObjectCommand(at)))).toEqual([403, "AccessDenied"]);
    expect(await refusal(client.send(new ListObjectsV2Command({ Bucket: "logs" })))).toEqual([
      403,
      "AccessDenied",
    ]);
    const { KeyCount: count } = await client.send(new ListObjectsV2Command({ Bucket: "logs", Prefix: "a" }));
    expect(count).toBe(1);
    expect(server.operations).toEqual(["GetObject", "ListObjectsV2", "ListObjectsV2"]);
    expect(server.requests[0]).toMatchObject({ operation: "GetObject", name: "logs/a" });
    expect(server.requests[0]?.headers.authorization).toContain("AKIDEXAMPLE");
    expect(server.requests[2]?.query.get("prefix")).toBe("a");
  });

  it("let all of several creations at once win, and none later, where creation is racy", async () => {
    server.isCreateRacy = true;
    server.versioning.set("logs", "Enabled");
    await Promise.all(Array.from({ length: 8 }, (_, index) => client.send(put(Buffer.of(index)))));
    expect(server.versionsOf("logs/a")).toHaveLength(8);
    expect(await refusal(client.send(put(body)))).toEqual([412, "PreconditionFailed"]);
  });

  it("let any creation win where conditions are ignored", async () => {
    server.ignoresConditions = true;
    for (const text of ["1", "2"]) await client.send(put(Buffer.from(text)));
    expect(server.objects.get("logs/a")).toEqual(Buffer.from("2"));
  });

  it("store damaged bytes, and return no checksum, where checksums are ignored", async () => {
    server.ignoresChecksums = true;
    const stored = await client.send(put(body, { ChecksumSHA256: sha256Text(Buffer.from("other")) }));
    expect(stored).not.toHaveProperty("ChecksumSHA256");
    const head = await client.send(new HeadObjectCommand({ ...at, ChecksumMode: "ENABLED" }));
    expect(head).not.toHaveProperty("ChecksumSHA256");
  });

  it("show listings of the past, and reads of the present", async () => {
    server.versioning.set("logs", "Enabled");
    await client.send(put(body));
    server.listsBehindMs = 3_600_000;
    await client.send(put(body, { Key: "b" }));
    await client.send(new DeleteObjectCommand(at));
    await client.send(new CreateMultipartUploadCommand(at));
    const look = async (): Promise<readonly unknown[]> => {
      const bucket = { Bucket: "logs" };
      const { Contents: objects = [] } = await client.send(new ListObjectsV2Command(bucket));
      const { Versions: versions = [], DeleteMarkers: markers = [] } = await client.send(
        new ListObjectVersionsCommand(bucket),
      );
      const { Uploads: uploads = [] } = await client.send(new ListMultipartUploadsCommand(bucket));
      return [objects.map(({ Key: key }) => key), versions.length, markers.length, uploads.length];
    };
    expect(await look()).toEqual([["a"], 1, 0, 0]);
    expect(await bytesOf(client, new GetObjectCommand({ ...at, Key: "b" }))).toEqual(body);
    server.listsBehindMs = 0;
    expect(await look()).toEqual([["b"], 2, 1, 1]);
  });

  it("show a clock that is wrong, and refuse those whose clock is wrong by a quarter of an hour", async () => {
    server.clockSkewMs = 600_000;
    const dateMs = Date.parse((await fetch(server.endpoint)).headers.get("date") ?? "");
    expect((dateMs - Date.now()) / 1000).toBeCloseTo(600, -2);
    await client.send(put(body));
    server.clockSkewMs = -86_400_000;
    expect(await refusal(client.send(new GetObjectCommand(at)))).toEqual([403, "RequestTimeTooSkewed"]);
  });
});

describe("faults", () => {
  it("end the connection in the middle of what is sent, and leave nothing behind", async () => {
    server.inject("PutObject", { kind: "half-request" });
    const [status, name] = await refusal(client.send(put(Buffer.alloc(4_000_000))));
    expect([status, name]).toEqual([undefined, expect.any(String)]);
    expect(server.objects.size).toBe(0);
  });

  it("leave what is sent unread until the client gives up", async () => {
    server.inject("PutObject", { kind: "deaf" });
    const abortSignal = AbortSignal.timeout(200);
    expect(await refusal(client.send(put(Buffer.alloc(4_000_000)), { abortSignal }))).toEqual([
      undefined,
      "AbortError",
    ]);
    expect(server.objects.size).toBe(0);
  });

  it("meet one request each, with the headers that they are given", async () => {
    server.inject("GetObject", {
      kind: "error",
      status: 503,
      code: "SlowDown",
      headers: { "retry-after": 7 },
    });
    const answer = await fetch(`${server.endpoint}/logs/a`);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "7"]);
    expect(await answer.text()).toContain("<Code>SlowDown</Code>");
    expect((await fetch(`${server.endpoint}/logs/a`)).status).toBe(404);
  });
});

describe("encryption", () => {
  const key = randomBytes(32);
  const byCustomer = {
    SSECustomerAlgorithm: "AES256",
    SSECustomerKey: key.toString("base64"),
    SSECustomerKeyMD5: md5Text(key, "base64"),
  };

  it("is answered as it was asked for", async () => {
    const byServer = await client.send(put(body, { ServerSideEncryption: "AES256" }));
    expect(byServer).toMatchObject({ ServerSideEncryption: "AES256", ETag: `"${md5Text(body)}"` });
    const kms = { ServerSideEncryption: "aws:kms", SSEKMSKeyId: "key-1" } as const;
    const byService = await client.send(put(body, { ...kms, Key: "b" }));
    expect(byService).toMatchObject({
      ServerSideEncryption: "aws:kms",
      SSEKMSKeyId: expect.stringMatching(/^arn:aws:kms:.*\/key-1$/),
    });
    expect(byService.ETag).not.toBe(`"${md5Text(body)}"`);
    const { ServerSideEncryption: kind } = await client.send(new HeadObjectCommand({ ...at, Key: "b" }));
    expect(kind).toBe("aws:kms");
    expect(await client.send(put(body, { Key: "c" }))).not.toHaveProperty("ServerSideEncryption");
  });

  it("by the customer's key wants that key again", async () => {
    const { SSECustomerKeyMD5: keyHash } = await client.send(put(body, byCustomer));
    expect(keyHash).toBe(byCustomer.SSECustomerKeyMD5);
    expect(await bytesOf(client, new GetObjectCommand({ ...at, ...byCustomer }))).toEqual(body);
    expect(await refusal(client.send(new GetObjectCommand(at)))).toEqual([400, "InvalidRequest"]);
    const other = randomBytes(32);
    const byOther = {
      SSECustomerAlgorithm: "AES256",
      SSECustomerKey: other.toString("base64"),
      SSECustomerKeyMD5: md5Text(other, "base64"),
    };
    expect(await refusal(client.send(new GetObjectCommand({ ...at, ...byOther })))).toEqual([
      403,
      "AccessDenied",
    ]);
  });

  it("is passed over in silence where it is switched off", async () => {
    server.encrypts = false;
    const stored = await client.send(put(body, byCustomer));
    expect(stored).not.toHaveProperty("SSECustomerKeyMD5");
    expect(await bytesOf(client, new GetObjectCommand({ ...at, ...byCustomer }))).toEqual(body);
    expect(await bytesOf(client, new GetObjectCommand(at))).toEqual(body);
  });
});
