import { type S3Answer, type S3Request, xml } from "../s3-answer.ts";
import type { S3State } from "./contents.ts";
import { inBucket, isAfter, keyText, pageOf, refusalOfListing } from "./page.ts";

export function listObjects(request: S3Request, { versions }: S3State): S3Answer {
  const refusal = refusalOfListing(request);
  if (refusal !== undefined) return refusal;
  const { query } = request;
  const token = query.get("continuation-token");
  const after =
    token === null ? (query.get("start-after") ?? "") : Buffer.from(token, "base64url").toString();
  const current = inBucket(versions, request).flatMap(([key, [newest]]) =>
    newest === undefined || newest.isMarker || !isAfter(key, after) ? [] : [{ key, newest }],
  );
  const { entries, isTruncated } = pageOf(current, request, "max-keys");
  const contents = entries.map(
    ({ key, newest: { body, etag, modifiedMs } }) =>
      `<Contents><Key>${keyText(key, request)}</Key><LastModified>${new Date(modifiedMs).toISOString()}</LastModified>` +
      `<ETag>&quot;${etag}&quot;</ETag><Size>${body.length}</Size><StorageClass>STANDARD</StorageClass></Contents>`,
  );
  const next = Buffer.from(entries.at(-1)?.key ?? "").toString("base64url");
  return xml(
    `<ListBucketResult><KeyCount>${entries.length}</KeyCount><IsTruncated>${isTruncated}</IsTruncated>` +
      (isTruncated ? `<NextContinuationToken>${next}</NextContinuationToken>` : "") +
      `${contents.join("")}</ListBucketResult>`,
  );
}
