import { failed, type S3Answer, type S3Headers, type S3Request } from "../s3-answer.ts";
import { refusalOfKey } from "./at-rest.ts";
import { checksumHeaders } from "./checksums.ts";
import type { S3Contents, S3Version } from "./contents.ts";
import { versionHeaders } from "./put-object.ts";
import type { S3Switches } from "./switches.ts";

/** GET and HEAD, whose body is not sent. */
export function getObject(request: S3Request, contents: S3Contents, switches: S3Switches): S3Answer {
  const { name, query, headers } = request;
  const versionId = query.get("versionId");
  const version = contents
    .versionsOf(name)
    .find((each) => versionId === null || each.versionId === versionId);
  if (version === undefined) {
    if (switches.hidesMissing) return failed(403, "AccessDenied");
    return failed(404, versionId === null ? "NoSuchKey" : "NoSuchVersion");
  }
  const described = versionHeaders(contents, name, version.versionId);
  if (version.isMarker) return answerMarker(described, versionId !== null, switches);
  const refusal = switches.encrypts ? refusalOfKey(headers, version.atRest) : undefined;
  if (refusal !== undefined) return refusal;
  const match = headers["if-match"];
  if (match !== undefined && match !== `"${version.etag}"`) return failed(412, "PreconditionFailed");

  return answerBody(
    request,
    version,
    {
      etag: `"${version.etag}"`,
      "accept-ranges": "bytes",
      "last-modified": new Date(version.modifiedMs).toUTCString(),
      ...described,
      ...version.atRest.headers,
    },
    switches,
  );
}

/** Source: Amazon S3 User Guide, "Working with delete markers". */
function answerMarker(described: S3Headers, isNamed: boolean, { hidesMissing }: S3Switches): S3Answer {
  const headers = { ...described, "x-amz-delete-marker": "true" };
  if (isNamed) return failed(405, "MethodNotAllowed", { ...headers, allow: "DELETE" });
  return hidesMissing ? failed(403, "AccessDenied", headers) : failed(404, "NoSuchKey", headers);
}

function answerBody(
  { headers: asked }: S3Request,
  { body, checksum }: S3Version,
  headers: S3Headers,
  { ignoresChecksums }: S3Switches,
): S3Answer {
  const range = rangeOf(asked.range, body.length);
  if (range === "none") {
    const isWanted = asked["x-amz-checksum-mode"] === "ENABLED" && !ignoresChecksums;
    return { status: 200, headers: { ...headers, ...(isWanted ? checksumHeaders(checksum) : {}) }, body };
  }
  if (range === "beyond") return failed(416, "InvalidRange", { "content-range": `bytes */${body.length}` });
  const part = body.subarray(range.start, range.end);
  const shown = `bytes ${range.start}-${range.start + part.length - 1}/${body.length}`;
  return { status: 206, headers: { ...headers, "content-range": shown }, body: part };
}

/** Source: RFC 9110 section 14.1.2. */
function rangeOf(
  header: string | undefined,
  sizeBytes: number,
): { readonly start: number; readonly end: number } | "none" | "beyond" {
  const [, startText = "", endText = ""] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (startText === "" && endText === "") return "none";
  const start = startText === "" ? Math.max(0, sizeBytes - Number(endText)) : Number(startText);
  if (start >= sizeBytes) return "beyond";
  const end = startText === "" || endText === "" ? sizeBytes : Math.min(Number(endText) + 1, sizeBytes);
  return { start, end };
}
