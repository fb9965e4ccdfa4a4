import type { IncomingHttpHeaders } from "node:http";

export type S3Operation =
  | "PutObject"
  | "GetObject"
  | "HeadObject"
  | "DeleteObject"
  | "GetObjectRetention"
  | "DeleteObjects"
  | "ListObjectsV2"
  | "ListObjectVersions"
  | "ListMultipartUploads"
  | "CreateMultipartUpload"
  | "UploadPart"
  | "CompleteMultipartUpload"
  | "AbortMultipartUpload"
  | "HeadBucket"
  | "CreateBucket"
  | "GetBucketVersioning"
  /** Any sub-resource of a bucket but its versioning. */
  | "GetBucketSetting"
  /** Any sub-resource of a bucket, its versioning too. */
  | "PutBucketSetting"
  | "DeleteBucketSetting"
  /** What this server does not know; it answers 501 NotImplemented. */
  | "Other";

export interface S3Request {
  readonly operation: S3Operation;
  /** The bucket and the key, `bucket/key`, or the bucket alone. */
  readonly name: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Nothing was there when the request came, and this server looks no more when it stores. */
  readonly isRaced: boolean;
}

export interface S3Answer {
  readonly status: number;
  readonly headers?: S3Headers;
  readonly body: Buffer;
}

export type S3Headers = Readonly<Record<string, string | number>>;

export function done(status: 200 | 204, headers: S3Headers = {}): S3Answer {
  return { status, headers, body: Buffer.alloc(0) };
}

/** An error as S3 words it, without a message, as Ceph leaves it out. */
export function failed(status: number, code: string, headers: S3Headers = {}): S3Answer {
  return { status, headers, body: Buffer.from(`<Error><Code>${code}</Code><Message></Message></Error>`) };
}

export function xml(text: string, headers: S3Headers = {}): S3Answer {
  return { status: 200, headers: { "content-type": "application/xml", ...headers }, body: Buffer.from(text) };
}
