import { failed, type S3Answer, type S3Request, xml } from "../s3-answer.ts";
import type { S3State, S3Version } from "./contents.ts";
import { inBucket, isAfter, keyText, pageOf, refusalOfListing } from "./page.ts";

interface Entry {
  readonly key: string;
  readonly version: S3Version;
  readonly isLatest: boolean;
}

/**
 * By key, newest first. A page ends anywhere, also between the versions of a key. Source: Amazon S3 API,
 * ListObjectVersions.
 */
export function listVersions(request: S3Request, { versions }: S3State): S3Answer {
  const refusal = refusalOfListing(request);
  if (refusal !== undefined) return refusal;
  const { query } = request;
  const keyMarker = query.get("key-marker") ?? "";
  const idMarker = query.get("version-id-marker");
  if (idMarker !== null && keyMarker === "") return failed(400, "InvalidArgument");
  const all = inBucket(versions, request).flatMap(([key, ofKey]) => {
    const entries = ofKey.map((version, index): Entry => ({ key, version, isLatest: index === 0 }));
    if (isAfter(key, keyMarker)) return entries;
    if (key !== keyMarker || idMarker === null) return [];
    // A version that is gone by now may have been any of them.
    return entries.slice(ofKey.findIndex(({ versionId }) => versionId === idMarker) + 1);
  });
  const page = pageOf(all, request, "max-keys");
  const last = page.entries.at(-1);
  const next =
    page.isTruncated && last !== undefined
      ? `<NextKeyMarker>${keyText(last.key, request)}</NextKeyMarker>` +
        `<NextVersionIdMarker>${last.version.versionId}</NextVersionIdMarker>`
      : "";
  return xml(
    `<ListVersionsResult><IsTruncated>${page.isTruncated}</IsTruncated>${next}` +
      `${page.entries.map((entry) => elementOf(entry, request)).join("")}</ListVersionsResult>`,
  );
}

function elementOf({ key, version, isLatest }: Entry, request: S3Request): string {
  const { versionId, isMarker, etag, body, modifiedMs } = version;
  const common =
    `<Key>${keyText(key, request)}</Key><VersionId>${versionId}</VersionId><IsLatest>${isLatest}</IsLatest>` +
    `<LastModified>${new Date(modifiedMs).toISOString()}</LastModified>`;
  if (isMarker) return `<DeleteMarker>${common}</DeleteMarker>`;
  return (
    `<Version>${common}<ETag>&quot;${etag}&quot;</ETag><Size>${body.length}</Size>` +
    "<StorageClass>STANDARD</StorageClass></Version>"
  );
}
