import { createHash } from "node:crypto";
import { done, failed, type S3Answer, type S3Request, xml } from "../s3-answer.ts";
import { atRestOf, refusalOfEncryption, refusalOfKey } from "./at-rest.ts";
import { isFramed, refusalOfBody } from "./checksums.ts";
import { bucketOf, md5, type S3Contents, type S3Upload, sha256 } from "./contents.ts";
import { etagOf, refusalOfCondition, versionHeaders } from "./put-object.ts";
import type { S3Switches } from "./switches.ts";
import { elementsOf, escapeXml, textOf } from "./xml.ts";

const unencrypted = { headers: {} };

let count = 0;

export function createUpload(
  { name, headers }: S3Request,
  { uploads }: S3Contents,
  { encrypts, ignoresChecksums }: S3Switches,
): S3Answer {
  const refusal = refusalOfEncryption(headers, encrypts);
  if (refusal !== undefined) return refusal;
  const uploadId = `upload-${String(++count).padStart(6, "0")}`;
  const atRest = atRestOf(headers, encrypts);
  const hasChecksums = headers["x-amz-checksum-algorithm"] === "SHA256" && !ignoresChecksums;
  uploads.set(uploadId, { name, parts: new Map(), hasChecksums, atRest, begunMs: Date.now() });
  const bucket = bucketOf(name);
  return xml(
    `<InitiateMultipartUploadResult><Bucket>${escapeXml(bucket)}</Bucket><Key>${escapeXml(name.slice(bucket.length + 1))}</Key>` +
      `<UploadId>${uploadId}</UploadId></InitiateMultipartUploadResult>`,
    { ...atRest.headers, ...(hasChecksums ? { "x-amz-checksum-algorithm": "SHA256" } : {}) },
  );
}

/** A part comes with the checksum that the upload was begun with, or without one. */
export function uploadPart(
  request: S3Request,
  contents: S3Contents,
  { ignoresChecksums, encrypts }: S3Switches,
): S3Answer {
  const { headers, query, body } = request;
  const upload = uploadOf(request, contents);
  const number = Number(query.get("partNumber"));
  if (upload === undefined) return failed(404, "NoSuchUpload");
  if (!Number.isInteger(number) || number < 1 || number > 10_000) return failed(400, "InvalidArgument");
  if (isFramed(request)) return failed(501, "NotImplemented");
  if (!ignoresChecksums) {
    const hasChecksum = headers["x-amz-checksum-sha256"] !== undefined;
    if (hasChecksum !== (upload.hasChecksums === true)) return failed(400, "InvalidRequest");
    const refusal = refusalOfBody(request);
    if (refusal !== undefined) return refusal;
  }
  const { atRest = unencrypted } = upload;
  const refusal =
    refusalOfEncryption(headers, encrypts) ?? (encrypts ? refusalOfKey(headers, atRest) : undefined);
  if (refusal !== undefined) return refusal;
  upload.parts.set(number, body);
  return done(200, {
    etag: `"${etagOf(body, atRest)}"`,
    ...(upload.hasChecksums === true ? { "x-amz-checksum-sha256": sha256(body) } : {}),
    ...atRest.headers,
  });
}

export function completeUpload(request: S3Request, contents: S3Contents, switches: S3Switches): S3Answer {
  const { name, query, body } = request;
  const upload = uploadOf(request, contents);
  if (upload === undefined) return failed(404, "NoSuchUpload");
  const listed = elementsOf(body.toString(), "Part");
  if (listed.length === 0) return failed(400, "MalformedXML");
  const refusal = refusalOfParts(listed, upload, switches) ?? refusalOfCondition(request, contents, switches);
  if (refusal !== undefined) return refusal;

  const parts = listed.map((part) => upload.parts.get(numberOf(part)) ?? Buffer.alloc(0));
  const { atRest = unencrypted } = upload;
  const digests = parts.map((part) => Buffer.from(etagOf(part, atRest), "hex"));
  const etag = `${md5(Buffer.concat(digests))}-${parts.length}`;
  const checksum = upload.hasChecksums === true ? compositeOf(parts) : undefined;
  const whole = { isMarker: false, body: Buffer.concat(parts), etag, checksum, atRest };
  const versionId = contents.add(name, whole);
  contents.uploads.delete(query.get("uploadId") ?? "");
  return xml(
    `<CompleteMultipartUploadResult><ETag>&quot;${etag}&quot;</ETag>` +
      (checksum === undefined
        ? ""
        : `<ChecksumSHA256>${checksum}</ChecksumSHA256><ChecksumType>COMPOSITE</ChecksumType>`) +
      "</CompleteMultipartUploadResult>",
    { ...versionHeaders(contents, name, versionId), ...atRest.headers },
  );
}

export function abortUpload(request: S3Request, contents: S3Contents): S3Answer {
  if (uploadOf(request, contents) === undefined) return failed(404, "NoSuchUpload");
  contents.uploads.delete(request.query.get("uploadId") ?? "");
  return done(204);
}

function uploadOf({ name, query }: S3Request, { uploads }: S3Contents): S3Upload | undefined {
  const upload = uploads.get(query.get("uploadId") ?? "");
  return upload?.name === name ? upload : undefined;
}

/** Source: Amazon S3 API, CompleteMultipartUpload, "Errors". */
function refusalOfParts(
  listed: readonly string[],
  { parts, hasChecksums, atRest = unencrypted }: S3Upload,
  { partBytesMin }: S3Switches,
): S3Answer | undefined {
  const numbers = listed.map(numberOf);
  const isInOrder = numbers.every((number, index) => number > (numbers[index - 1] ?? 0));
  if (!isInOrder) return failed(400, "InvalidPartOrder");
  for (const part of listed) {
    const bytes = parts.get(numberOf(part));
    const etag = textOf(part, "ETag")?.replaceAll('"', "");
    if (bytes === undefined || etag !== etagOf(bytes, atRest)) return failed(400, "InvalidPart");
    const checksum = textOf(part, "ChecksumSHA256");
    if (hasChecksums === true && checksum === undefined) return failed(400, "InvalidRequest");
    if (hasChecksums === true && checksum !== sha256(bytes)) return failed(400, "InvalidPart");
  }
  const isTooSmall = numbers.slice(0, -1).some((number) => (parts.get(number)?.length ?? 0) < partBytesMin);
  return isTooSmall ? failed(400, "EntityTooSmall") : undefined;
}

function numberOf(part: string): number {
  return Number(textOf(part, "PartNumber"));
}

/** Source: Amazon S3 User Guide, "Checking object integrity", composite checksums. */
function compositeOf(parts: readonly Buffer[]): string {
  const digests = parts.map((part) => createHash("sha256").update(part).digest());
  return `${sha256(Buffer.concat(digests))}-${parts.length}`;
}
