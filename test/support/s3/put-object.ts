import { done, failed, type S3Answer, type S3Headers, type S3Request } from "../s3-answer.ts";
import { type AtRest, atRestOf, hidesDigest, refusalOfEncryption } from "./at-rest.ts";
import { checksumHeaders, isFramed, refusalOfBody } from "./checksums.ts";
import { bucketOf, md5, type S3Contents, sha256 } from "./contents.ts";
import type { S3Switches } from "./switches.ts";

/** Stricter than Amazon: a put must bring its SHA-256, and name it as an algorithm, since Ceph asks for that. */
export function putObject(request: S3Request, contents: S3Contents, switches: S3Switches): S3Answer {
  const { name, headers, body } = request;
  const { encrypts, ignoresChecksums } = switches;
  if (isFramed(request)) return failed(501, "NotImplemented");
  if (!ignoresChecksums) {
    if (headers["x-amz-sdk-checksum-algorithm"] !== "SHA256") return failed(400, "MissingChecksum");
    if (headers["x-amz-checksum-sha256"] === undefined) return failed(400, "BadDigest");
    const refusal = refusalOfBody(request);
    if (refusal !== undefined) return refusal;
  }
  const refusal = refusalOfEncryption(headers, encrypts) ?? refusalOfCondition(request, contents, switches);
  if (refusal !== undefined) return refusal;

  const atRest = atRestOf(headers, encrypts);
  const checksum = ignoresChecksums ? undefined : sha256(body);
  const etag = etagOf(body, atRest);
  const versionId = contents.add(name, { isMarker: false, body, etag, checksum, atRest });
  return done(200, {
    etag: `"${etag}"`,
    ...checksumHeaders(checksum),
    ...versionHeaders(contents, name, versionId),
    ...atRest.headers,
  });
}

/** Why a put or the end of an upload may not store now. Source: Amazon S3 User Guide, "Conditional writes". */
export function refusalOfCondition(
  { name, headers, isRaced }: S3Request,
  contents: S3Contents,
  { allowsOverwrites, ignoresConditions }: S3Switches,
): S3Answer | undefined {
  const condition = headers["if-none-match"];
  if (condition === undefined) return allowsOverwrites ? undefined : failed(403, "AccessDenied");
  if (condition !== "*") return failed(501, "NotImplemented");
  const isTaken = !ignoresConditions && !isRaced && contents.current(name) !== undefined;
  return isTaken ? failed(412, "PreconditionFailed") : undefined;
}

/** A bucket that never kept versions says none. */
export function versionHeaders({ versioning }: S3Contents, name: string, versionId: string): S3Headers {
  return versioning.has(bucketOf(name)) ? { "x-amz-version-id": versionId } : {};
}

export function etagOf(body: Buffer, atRest: AtRest): string {
  return md5(hidesDigest(atRest) ? Buffer.concat([Buffer.from("encrypted"), body]) : body);
}
