import { Readable } from "node:stream";
import type { S3Client } from "@aws-sdk/client-s3";
import type { S3ErrorShape } from "./s3-trouble.ts";

/**
 * What the good answer to a command always holds. Source: Amazon S3 API, "Response elements" and "Response
 * headers" of each.
 */
const signs: Readonly<Record<string, string>> = {
  PutObjectCommand: "ETag",
  GetObjectCommand: "ETag",
  HeadObjectCommand: "ETag",
  CreateMultipartUploadCommand: "UploadId",
  UploadPartCommand: "ETag",
  CompleteMultipartUploadCommand: "ETag",
  ListObjectsV2Command: "IsTruncated",
  ListObjectVersionsCommand: "IsTruncated",
  ListMultipartUploadsCommand: "IsTruncated",
};

/** 200, and not from an S3 server. */
class GarbledError extends Error {
  override readonly name = "GarbledError";
  readonly $metadata: S3ErrorShape["$metadata"];

  constructor(commandName: string, metadata: S3ErrorShape["$metadata"]) {
    super(`no answer to ${commandName}`);
    this.$metadata = metadata;
  }
}

/**
 * Makes errors of answers that are none: the SDK takes the 200 of a captive portal or of another server's
 * welcome page for a put that went well, and for a listing of nothing.
 */
export function addAnswerCheck(client: S3Client): void {
  client.middlewareStack.add(
    (next, { commandName = "" }) =>
      async (args) => {
        const result = await next(args);
        const sign = signs[commandName];
        if (sign === undefined) return result;
        const members = new Map<string, unknown>(Object.entries(result.output));
        if (members.get(sign) !== undefined) return result;
        const body = members.get("Body");
        if (body instanceof Readable) body.destroy();
        throw new GarbledError(commandName, result.output.$metadata);
      },
    { name: "addAnswerCheck", step: "initialize" },
  );
}
