import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { failed, type S3Answer } from "../s3-answer.ts";

/** How an object is encrypted: what every answer about it says, and by which key of the customer's, if any. */
export interface AtRest {
  readonly headers: Readonly<Record<string, string>>;
  readonly customerKey?: string;
}

const prefix = "x-amz-server-side-encryption";

/** The account of Amazon's own examples. */
const keyArn = "arn:aws:kms:us-east-1:111122223333:key/";

/** What is wrong with a request's encryption headers. Source: Amazon S3 User Guide, "Using SSE-C". */
export function refusalOfEncryption(headers: IncomingHttpHeaders, encrypts: boolean): S3Answer | undefined {
  if (!encrypts) return undefined;
  const kind = headers[prefix];
  if (kind !== undefined && kind !== "AES256" && kind !== "aws:kms") return failed(400, "InvalidArgument");
  const algorithm = headers[`${prefix}-customer-algorithm`];
  const key = customerKeyOf(headers);
  if (algorithm === undefined && key === undefined) return undefined;
  if (algorithm !== "AES256" || key === undefined) return failed(400, "InvalidArgument");
  const keyBytes = Buffer.from(key, "base64");
  if (keyBytes.length !== 32) return failed(400, "InvalidArgument");
  const isWhole = createHash("md5").update(keyBytes).digest("base64") === keyHashOf(headers);
  return isWhole ? undefined : failed(400, "InvalidArgument");
}

export function atRestOf(headers: IncomingHttpHeaders, encrypts: boolean): AtRest {
  if (!encrypts) return { headers: {} };
  const customerKey = customerKeyOf(headers);
  if (customerKey !== undefined) {
    return {
      headers: {
        [`${prefix}-customer-algorithm`]: "AES256",
        [`${prefix}-customer-key-md5`]: keyHashOf(headers) ?? "",
      },
      customerKey,
    };
  }
  if (headers[prefix] === "AES256") return { headers: { [prefix]: "AES256" } };
  if (headers[prefix] !== "aws:kms") return { headers: {} };
  const key = single(headers[`${prefix}-aws-kms-key-id`]) ?? "default";
  const answered = key.startsWith("arn:") ? key : keyArn + key;
  return { headers: { [prefix]: "aws:kms", [`${prefix}-aws-kms-key-id`]: answered } };
}

/** Why an object cannot be read with the key that a request brings, or without one. */
export function refusalOfKey(headers: IncomingHttpHeaders, { customerKey }: AtRest): S3Answer | undefined {
  const key = customerKeyOf(headers);
  if (key === customerKey) return undefined;
  const hasOneKeyOnly = key === undefined || customerKey === undefined;
  return hasOneKeyOnly ? failed(400, "InvalidRequest") : failed(403, "AccessDenied");
}

/** True when the ETag is not the MD5. Source: Amazon S3 API, "Common response headers", ETag. */
export function hidesDigest({ headers, customerKey }: AtRest): boolean {
  return customerKey !== undefined || headers[prefix] === "aws:kms";
}

function customerKeyOf(headers: IncomingHttpHeaders): string | undefined {
  return single(headers[`${prefix}-customer-key`]);
}

function keyHashOf(headers: IncomingHttpHeaders): string | undefined {
  return single(headers[`${prefix}-customer-key-md5`]);
}

function single(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === "string" ? header : undefined;
}
