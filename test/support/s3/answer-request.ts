import { done, failed, type S3Answer, type S3Request } from "../s3-answer.ts";
import { deleteSetting, getSetting, putSetting, type S3BucketSettings } from "./bucket-settings.ts";
import { bucketOf, type S3Contents } from "./contents.ts";
import { deleteObject, deleteObjects, getRetention, type Keeping } from "./delete-objects.ts";
import { getObject } from "./get-object.ts";
import { listObjects } from "./list-objects.ts";
import { listUploads } from "./list-uploads.ts";
import { listVersions } from "./list-versions.ts";
import { abortUpload, completeUpload, createUpload, uploadPart } from "./multipart.ts";
import { putObject } from "./put-object.ts";
import type { S3Switches } from "./switches.ts";

export interface S3Inside extends Keeping {
  readonly contents: S3Contents;
  readonly settings: S3BucketSettings;
  /** Buckets that are not there; all others are. */
  readonly missingBuckets: Set<string>;
}

/** Source: Amazon S3 User Guide, "Signing requests", time stamp requirement. */
const SKEW_MAX_MS = 900_000;

/** What Amazon S3 answers, in one step, so that conditional puts are atomic. */
export function answerRequest(request: S3Request, inside: S3Inside, switches: S3Switches): S3Answer {
  const { operation, name, query } = request;
  const refusal = refusalOfTime(request, switches);
  if (refusal !== undefined) return refusal;
  const isBucketMissing = inside.missingBuckets.has(bucketOf(name));
  if (isBucketMissing && operation !== "CreateBucket") return failed(404, "NoSuchBucket");
  // DeleteObjects asks for each key.
  if (operation !== "DeleteObjects" && !switches.may(operation, name, query))
    return failed(403, "AccessDenied");
  const isReading = /^(?:Get|Head|List)/.test(operation);
  if (!isReading && switches.listsBehindMs > 0) inside.contents.remember();
  return answerAllowed(request, inside, switches);
}

function answerAllowed(request: S3Request, inside: S3Inside, switches: S3Switches): S3Answer {
  const { contents, settings } = inside;
  switch (request.operation) {
    case "PutObject":
      return putObject(request, contents, switches);
    case "GetObject":
    case "HeadObject":
      return getObject(request, contents, switches);
    case "GetObjectRetention":
      return getRetention(request, contents, inside);
    case "DeleteObject":
      return deleteObject(request, contents, inside);
    case "DeleteObjects":
      return deleteObjects(request, contents, inside, switches);
    case "ListObjectsV2":
      return listObjects(request, contents.state(switches.listsBehindMs));
    case "ListObjectVersions":
      return listVersions(request, contents.state(switches.listsBehindMs));
    case "ListMultipartUploads":
      return listUploads(request, contents.state(switches.listsBehindMs));
    case "CreateMultipartUpload":
      return createUpload(request, contents, switches);
    case "UploadPart":
      return uploadPart(request, contents, switches);
    case "CompleteMultipartUpload":
      return completeUpload(request, contents, switches);
    case "AbortMultipartUpload":
      return abortUpload(request, contents);
    case "HeadBucket":
      return done(200);
    case "CreateBucket":
      return createBucket(request, inside);
    case "GetBucketVersioning":
    case "GetBucketSetting":
      return getSetting(request, settings, contents);
    case "PutBucketSetting":
      return putSetting(request, settings, contents);
    case "DeleteBucketSetting":
      return deleteSetting(request, settings);
    case "Other":
      return failed(501, "NotImplemented");
  }
}

/** A bucket that locks objects keeps their versions. Source: Amazon S3 User Guide, "Locking objects". */
function createBucket({ name: bucket, headers }: S3Request, inside: S3Inside): S3Answer {
  if (!inside.missingBuckets.delete(bucket)) return failed(409, "BucketAlreadyOwnedByYou");
  if (headers["x-amz-bucket-object-lock-enabled"] === "true") {
    inside.contents.versioning.set(bucket, "Enabled");
    inside.settings.set(`${bucket}?object-lock`, {
      body: "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>",
    });
  }
  return done(200, { location: `/${bucket}` });
}

function refusalOfTime({ headers }: S3Request, { clockSkewMs }: S3Switches): S3Answer | undefined {
  const stamp = String(headers["x-amz-date"] ?? "");
  const [, date = "", hour = "", minute = "", second = ""] =
    /^(\d{8})T(\d\d)(\d\d)(\d\d)Z$/.exec(stamp) ?? [];
  if (date === "") return undefined;
  const day = date.replace(/(....)(..)(..)/, "$1-$2-$3");
  const aheadMs = Date.now() + clockSkewMs - Date.parse(`${day}T${hour}:${minute}:${second}Z`);
  return Math.abs(aheadMs) > SKEW_MAX_MS ? failed(403, "RequestTimeTooSkewed") : undefined;
}
