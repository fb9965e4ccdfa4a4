import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

export type S3Operation =
  | "PutObject"
  | "GetObject"
  | "HeadObject"
  | "ListObjectsV2"
  | "DeleteObjects"
  | "DeleteObject";

export interface S3Request {
  readonly operation: S3Operation;
  /** The bucket and the key, `bucket/key`, or the bucket alone. */
  readonly name: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface S3Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body: Buffer;
}

export interface S3Contents {
  readonly objects: Map<string, Buffer>;
  readonly undeletable: ReadonlyMap<string, string>;
}

const PAGE_MAX = 100;

/** What Amazon S3 answers, in one step, so that conditional puts are atomic. */
export function answerS3(request: S3Request, contents: S3Contents): S3Answer {
  switch (request.operation) {
    case "PutObject":
      return putObject(request, contents);
    case "GetObject":
    case "HeadObject":
      return getObject(request, contents);
    case "ListObjectsV2":
      return listObjects(request, contents);
    case "DeleteObjects":
      return deleteObjects(request, contents);
    case "DeleteObject":
      return deleteObject(request, contents);
  }
}

function putObject({ name, headers, body }: S3Request, { objects }: S3Contents): S3Answer {
  const checksum = createHash("sha256").update(body).digest("base64");
  const isChunked = headers["content-encoding"]?.includes("aws-chunked") === true;
  if (isChunked) return failed(501, "NotImplemented");
  if (headers["x-amz-sdk-checksum-algorithm"] !== "SHA256") return failed(400, "MissingChecksum");
  if (headers["x-amz-checksum-sha256"] !== checksum) return failed(400, "BadDigest");
  if (headers["if-none-match"] !== "*") return failed(403, "AccessDenied");
  if (objects.has(name)) return failed(412, "PreconditionFailed");
  objects.set(name, body);
  return { status: 200, headers: { "x-amz-checksum-sha256": checksum }, body: Buffer.alloc(0) };
}

function getObject({ name, headers }: S3Request, { objects }: S3Contents): S3Answer {
  const body = objects.get(name);
  if (body === undefined) return failed(404, "NoSuchKey");
  const [, startText, endText] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? [];
  if (startText === undefined) return { status: 200, body };
  const start = Number(startText);
  if (start >= body.length) return failed(416, "InvalidRange");
  const part = body.subarray(start, Number(endText) + 1);
  const range = `bytes ${start}-${start + part.length - 1}/${body.length}`;
  return { status: 206, headers: { "content-range": range }, body: part };
}

function listObjects({ name: bucket, query }: S3Request, { objects }: S3Contents): S3Answer {
  const after = query.get("continuation-token") ?? query.get("start-after") ?? "";
  const prefix = query.get("prefix") ?? "";
  const keys = [...objects.keys()]
    .filter((name) => name.startsWith(`${bucket}/`))
    .map((name) => name.slice(bucket.length + 1))
    .filter((key) => key.startsWith(prefix) && key > after)
    .sort();
  const page = keys.slice(0, PAGE_MAX);
  const isTruncated = page.length < keys.length;
  const contents = page.map(
    (key) =>
      `<Contents><Key>${key.replaceAll(/[^\w/.-]/gu, asReference)}</Key><Size>${objects.get(`${bucket}/${key}`)?.length ?? 0}</Size></Contents>`,
  );
  const token = isTruncated ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : "";
  return xml(
    `<ListBucketResult><IsTruncated>${isTruncated}</IsTruncated>${token}${contents.join("")}</ListBucketResult>`,
  );
}

function asReference(character: string): string {
  return `&#x${character.codePointAt(0)?.toString(16)};`;
}

function deleteObjects({ name: bucket, body }: S3Request, { objects, undeletable }: S3Contents): S3Answer {
  const keys = [...body.toString().matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = ""]) => key);
  if (keys.length > 1000) return failed(400, "MalformedXML");
  const errors = keys.map((key) => {
    const code = undeletable.get(`${bucket}/${key}`);
    if (code === undefined) objects.delete(`${bucket}/${key}`);
    return code === undefined
      ? ""
      : `<Error><Key>${key}</Key><Code>${code}</Code><Message></Message></Error>`;
  });
  return xml(`<DeleteResult>${errors.join("")}</DeleteResult>`);
}

function deleteObject({ name }: S3Request, { objects, undeletable }: S3Contents): S3Answer {
  const code = undeletable.get(name);
  if (code === "AccessDenied") return failed(403, code);
  objects.delete(name);
  return { status: 204, body: Buffer.alloc(0) };
}

function failed(status: number, code: string): S3Answer {
  return { status, body: Buffer.from(`<Error><Code>${code}</Code><Message></Message></Error>`) };
}

function xml(text: string): S3Answer {
  return { status: 200, headers: { "content-type": "application/xml" }, body: Buffer.from(text) };
}
