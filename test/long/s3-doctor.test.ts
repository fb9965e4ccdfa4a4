import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteUserCommand,
  DeleteUserPolicyCommand,
  IAMClient,
  PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketAclCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Finding, FindingGroup, Subject } from "../../src/doctor/finding.ts";
import { awsEnvironment, createTestBucket, realPlace, realTlsSettings } from "../support/real-s3.ts";
import { runHostlog } from "../support/run-hostlog.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

// The doctor on a server that others wrote: what is told apart there is what the server does by itself.

const roots = ["raw", "analytics", "quarantine", "ledger", "published"] as const;

type Verdict = Finding["verdict"];

interface Report {
  readonly status: number | null;
  verdict(subject: Subject, check: string): Verdict | undefined;
}

async function examine(
  bucket: string,
  environment: Readonly<Record<string, string>> = {},
  settings: readonly string[] = [],
): Promise<Report> {
  const folder = await temporaryFolder();
  const config = join(folder, "hostlog.yaml");
  await writeFile(
    config,
    [
      "node: web-1",
      `s3: { force_path_style: true${settings.map((one) => `, ${one}`).join("")} }`,
      `store: s3://${bucket}/doctor`,
      `state: ${join(folder, "state")}`,
      "",
    ].join("\n"),
  );
  const { status, stdout, stderr } = await runHostlog(["doctor", "--config", config, "--output", "json"], {
    directory: folder,
    environment: { ...awsEnvironment(), ...environment },
  });
  expect(stdout, stderr).not.toBe("");
  const { groups } = JSON.parse(stdout) as { readonly groups: readonly FindingGroup[] };
  const findings = (subject: Subject): readonly Finding[] =>
    groups.find((group) => group.subject === subject)?.findings ?? [];
  return {
    status,
    verdict: (subject, check) => findings(subject).find((finding) => finding.check === check)?.verdict,
  };
}

/** Everything that is left in a bucket: versions, markers, uploads. */
async function leftIn(client: S3Client, Bucket: string): Promise<readonly string[]> {
  const { Versions = [], DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }));
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
  return [...Versions, ...DeleteMarkers, ...Uploads].map(({ Key = "" }) => Key);
}

describe("hostlog doctor on a real server", () => {
  let client: S3Client;

  beforeAll(() => {
    client = new S3Client({ forcePathStyle: true });
    return () => client.destroy();
  });

  const openBucket = async (isVersioned: boolean): Promise<string> => {
    const { bucket, dispose } = await createTestBucket({ isVersioned });
    onTestFinished(dispose);
    return bucket;
  };

  it("refuses nothing of a bucket without versions, and leaves nothing in it", async () => {
    const bucket = await openBucket(false);
    const report = await examine(bucket);
    // A fresh bucket has no lifecycle rule and no block on public access yet.
    expect(report.status).toBe(2);
    for (const check of ["versioning", "create", "atomic", "checksum", "read", "list", "delete", "removal"]) {
      expect([check, report.verdict("ledger", check)]).toEqual([check, "ok"]);
    }
    expect(await leftIn(client, bucket)).toEqual([]);
  });

  it("sees the version of TLS and who certified the server", async () => {
    const { endpoint, authorityFile } = realTlsSettings();
    const bucket = await openBucket(false);
    const report = await examine(bucket, {}, [`endpoint: "${endpoint}"`, `ca_file: "${authorityFile}"`]);
    expect(report.verdict("server", "transit")).toBe("ok");
    expect(report.verdict("raw", "create")).toBe("ok");
  });

  it("refuses a ledger in a bucket with versions, and removes every version that it made", async () => {
    const bucket = await openBucket(true);
    const report = await examine(bucket);
    expect(report.status).toBe(78);
    expect(report.verdict("ledger", "versioning")).toBe("refused");
    expect(report.verdict("raw", "removal")).toBe("ok");
    expect(await leftIn(client, bucket)).toEqual([]);
  });

  it("finds that several creations at once win there, where that is so", async () => {
    const bucket = await openBucket(true);
    const isRacy = await letsSeveralWin(client, bucket);
    // By chance one may win in all of five roots, so it takes another look.
    let isFound = false;
    for (let look = 0; look < 5 && isFound !== isRacy; look++) {
      const report = await examine(bucket);
      isFound = roots.some((root) => report.verdict(root, "atomic") === "refused");
    }
    expect(isFound).toBe(isRacy);
  });

  it("refuses views in a bucket with object lock", async () => {
    const bucket = `${realPlace().bucket}-${randomBytes(4).toString("hex")}`;
    await client.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }));
    onTestFinished(async () => {
      await client.send(new DeleteBucketCommand({ Bucket: bucket }));
    });
    const report = await examine(bucket);
    expect(report.verdict("raw", "object-lock")).toBe("refused");
    expect(await leftIn(client, bucket)).toEqual([]);
  });

  it("refuses a bucket that everybody may read", async () => {
    const bucket = await openBucket(false);
    await client.send(new PutBucketAclCommand({ Bucket: bucket, ACL: "public-read" }));
    const report = await examine(bucket);
    expect(report.verdict("raw", "public-access")).toBe("refused");
    expect(report.status).toBe(78);
  });

  it("finds no fault with credentials that may only write, and leaves one object in the ledger", async () => {
    const bucket = await openBucket(false);
    const keys = await createWriter(bucket);
    const report = await examine(bucket, keys);
    expect(report.status).toBe(0);
    expect(report.verdict("raw", "create")).toBe("not-tried");
    expect(report.verdict("raw", "versioning")).toBe("not-tried");
    expect(report.verdict("ledger", "atomic")).toBe("ok");
    expect(await leftIn(client, bucket)).toEqual([
      expect.stringMatching(/^doctor\/ledger\/manifests\/web-1\/doctor-\d{4}-\d{2}$/),
    ]);
  });
});

/** Without any of our own code: eight creations of a key at once, ten times. */
async function letsSeveralWin(client: S3Client, Bucket: string): Promise<boolean> {
  for (let round = 0; round < 10; round++) {
    const puts = Array.from({ length: 8 }, (_, index) =>
      client.send(new PutObjectCommand({ Bucket, Key: `race-${round}`, Body: `${index}`, IfNoneMatch: "*" })),
    );
    const outcomes = await Promise.allSettled(puts);
    if (outcomes.filter(({ status }) => status === "fulfilled").length > 1) return true;
  }
  return false;
}

/** A user that may put objects into the bucket and do nothing else; gone when the test ends. */
async function createWriter(bucket: string): Promise<Readonly<Record<string, string>>> {
  const iam = new IAMClient({});
  const UserName = `${bucket}-writer`;
  const PolicyName = "write";
  const statement = { Effect: "Allow", Action: "s3:PutObject", Resource: `arn:aws:s3:::${bucket}/*` };
  const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  await iam.send(new CreateUserCommand({ UserName }));
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName, PolicyDocument }));
  const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  const { AccessKeyId = "", SecretAccessKey = "" } = key ?? {};
  onTestFinished(async () => {
    await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }));
    await iam.send(new DeleteUserPolicyCommand({ UserName, PolicyName }));
    await iam.send(new DeleteUserCommand({ UserName }));
    iam.destroy();
  });
  return { AWS_ACCESS_KEY_ID: AccessKeyId, AWS_SECRET_ACCESS_KEY: SecretAccessKey };
}
