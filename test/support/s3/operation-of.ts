import type { IncomingHttpHeaders } from "node:http";
import type { S3Operation } from "../s3-answer.ts";
import { settingOf } from "./bucket-settings.ts";

/** Which operation of S3 a request is. Source: Amazon S3 API, "Actions", request syntax of each. */
export function operationOf(
  method: string,
  name: string,
  query: URLSearchParams,
  headers: IncomingHttpHeaders,
): S3Operation {
  if (name === "") return "Other";
  return name.includes("/") ? ofObject(method, query, headers) : ofBucket(method, query);
}

function ofBucket(method: string, query: URLSearchParams): S3Operation {
  const setting = settingOf(query);
  switch (method) {
    case "HEAD":
      return "HeadBucket";
    case "POST":
      return query.has("delete") ? "DeleteObjects" : "Other";
    case "PUT":
      return setting === undefined ? "CreateBucket" : "PutBucketSetting";
    case "DELETE":
      return setting === undefined ? "Other" : "DeleteBucketSetting";
    case "GET":
      if (query.has("list-type")) return "ListObjectsV2";
      if (query.has("versions")) return "ListObjectVersions";
      if (query.has("uploads")) return "ListMultipartUploads";
      if (setting === "versioning") return "GetBucketVersioning";
      return setting === undefined ? "Other" : "GetBucketSetting";
    default:
      return "Other";
  }
}

function ofObject(method: string, query: URLSearchParams, headers: IncomingHttpHeaders): S3Operation {
  const isOfUpload = query.has("uploadId");
  if (method === "GET" && query.has("retention")) return "GetObjectRetention";
  const isOfSetting = ["acl", "tagging", "retention", "legal-hold", "attributes"].some((each) =>
    query.has(each),
  );
  if (isOfSetting || headers["x-amz-copy-source"] !== undefined) return "Other";
  switch (method) {
    case "HEAD":
      return "HeadObject";
    case "GET":
      return isOfUpload ? "Other" : "GetObject";
    case "PUT":
      return isOfUpload ? "UploadPart" : "PutObject";
    case "DELETE":
      return isOfUpload ? "AbortMultipartUpload" : "DeleteObject";
    case "POST":
      if (query.has("uploads")) return "CreateMultipartUpload";
      return isOfUpload ? "CompleteMultipartUpload" : "Other";
    default:
      return "Other";
  }
}
