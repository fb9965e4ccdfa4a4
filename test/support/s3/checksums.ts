import { createHash } from "node:crypto";
import { failed, type S3Answer, type S3Headers, type S3Request } from "../s3-answer.ts";
import { sha256 } from "./contents.ts";

/** What is wrong with a body by what its headers say of it. The only checksum that is known is SHA-256. */
export function refusalOfBody({ headers, body }: S3Request): S3Answer | undefined {
  const signed = headers["x-amz-content-sha256"];
  const isSigned = typeof signed === "string" && /^[0-9a-f]{64}$/.test(signed);
  if (isSigned && signed !== createHash("sha256").update(body).digest("hex")) {
    return failed(400, "XAmzContentSHA256Mismatch");
  }
  const digest = headers["content-md5"];
  if (digest !== undefined && digest !== createHash("md5").update(body).digest("base64")) {
    return failed(400, "BadDigest");
  }
  const checksum = headers["x-amz-checksum-sha256"];
  return checksum === undefined || checksum === sha256(body) ? undefined : failed(400, "BadDigest");
}

/** A body that is framed so as to bring its checksum behind it. Many servers take the frames for content. */
export function isFramed({ headers }: S3Request): boolean {
  return headers["content-encoding"]?.includes("aws-chunked") === true;
}

/** That of a multipart upload is made of its parts', and ends with their number. */
export function checksumHeaders(checksum: string | undefined): S3Headers {
  if (checksum === undefined) return {};
  return {
    "x-amz-checksum-sha256": checksum,
    "x-amz-checksum-type": checksum.includes("-") ? "COMPOSITE" : "FULL_OBJECT",
  };
}
