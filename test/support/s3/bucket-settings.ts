import { done, failed, type S3Answer, type S3Request, xml } from "../s3-answer.ts";
import type { S3Contents } from "./contents.ts";
import { textOf } from "./xml.ts";

/** Answers to a bucket's sub-resources, by `bucket?name`; the status is 200 unless given. */
export type S3BucketSettings = Map<string, { readonly status?: number; readonly body: string }>;

/** What Amazon answers as long as nobody has set it. Source: Amazon S3 API, "List of error codes". */
const unset: Readonly<Record<string, S3Answer>> = {
  versioning: xml("<VersioningConfiguration></VersioningConfiguration>"),
  location: xml("<LocationConstraint></LocationConstraint>"),
  acl: xml(
    "<AccessControlPolicy><Owner><ID>owner</ID></Owner><AccessControlList><Grant>" +
      '<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>owner</ID></Grantee>' +
      "<Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>",
  ),
  policy: failed(404, "NoSuchBucketPolicy"),
  policyStatus: failed(404, "NoSuchBucketPolicy"),
  lifecycle: failed(404, "NoSuchLifecycleConfiguration"),
  encryption: failed(404, "ServerSideEncryptionConfigurationNotFoundError"),
  publicAccessBlock: failed(404, "NoSuchPublicAccessBlockConfiguration"),
  "object-lock": failed(404, "ObjectLockConfigurationNotFoundError"),
  replication: failed(404, "ReplicationConfigurationNotFoundError"),
  "intelligent-tiering": xml(
    "<ListBucketIntelligentTieringConfigurationsOutput><IsTruncated>false</IsTruncated></ListBucketIntelligentTieringConfigurationsOutput>",
  ),
  ownershipControls: failed(404, "OwnershipControlsNotFoundError"),
  tagging: failed(404, "NoSuchTagSet"),
};

/** The sub-resource that a request to a bucket names, if this server knows it. */
export function settingOf(query: URLSearchParams): string | undefined {
  return Object.keys(unset).find((name) => query.has(name));
}

export function getSetting(
  { name: bucket, query }: S3Request,
  settings: S3BucketSettings,
  { versioning }: S3Contents,
): S3Answer {
  const setting = settingOf(query) ?? "";
  const set = settings.get(`${bucket}?${setting}`);
  if (set !== undefined) {
    const type = set.body.startsWith("{") ? "application/json" : "application/xml";
    return { status: set.status ?? 200, headers: { "content-type": type }, body: Buffer.from(set.body) };
  }
  const state = versioning.get(bucket);
  if (setting === "versioning" && state !== undefined) {
    return xml(`<VersioningConfiguration><Status>${state}</Status></VersioningConfiguration>`);
  }
  return unset[setting] ?? failed(501, "NotImplemented");
}

export function putSetting(
  { name: bucket, query, body }: S3Request,
  settings: S3BucketSettings,
  { versioning }: S3Contents,
): S3Answer {
  const setting = settingOf(query) ?? "";
  if (setting !== "versioning") {
    settings.set(`${bucket}?${setting}`, { body: body.toString() });
    return done(setting === "policy" ? 204 : 200);
  }
  const status = textOf(body.toString(), "Status");
  if (status !== "Enabled" && status !== "Suspended") return failed(400, "MalformedXML");
  versioning.set(bucket, status);
  return done(200);
}

export function deleteSetting({ name: bucket, query }: S3Request, settings: S3BucketSettings): S3Answer {
  settings.delete(`${bucket}?${settingOf(query) ?? ""}`);
  return done(204);
}
