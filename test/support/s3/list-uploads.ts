import { type S3Answer, type S3Request, xml } from "../s3-answer.ts";
import type { S3State } from "./contents.ts";
import { inBucket, isAfter, keyText, pageOf, refusalOfListing } from "./page.ts";

/** By key, and by upload for uploads of one key. Source: Amazon S3 API, ListMultipartUploads. */
export function listUploads(request: S3Request, { uploads }: S3State): S3Answer {
  const refusal = refusalOfListing(request);
  if (refusal !== undefined) return refusal;
  const { query } = request;
  const keyMarker = query.get("key-marker") ?? "";
  const idMarker = query.get("upload-id-marker");
  const inOrder = [...uploads].toSorted(([left], [right]) => (left < right ? -1 : 1));
  const named = inOrder.map(([uploadId, upload]) => [upload.name, { uploadId, upload }] as const);
  const all = inBucket(named, request)
    .map(([key, { uploadId, upload }]) => ({ key, uploadId, begunMs: upload.begunMs ?? Date.now() }))
    .filter(
      ({ key, uploadId }) =>
        isAfter(key, keyMarker) || (key === keyMarker && idMarker !== null && uploadId > idMarker),
    );
  const { entries, isTruncated } = pageOf(all, request, "max-uploads");
  const last = entries.at(-1);
  const next =
    isTruncated && last !== undefined
      ? `<NextKeyMarker>${keyText(last.key, request)}</NextKeyMarker><NextUploadIdMarker>${last.uploadId}</NextUploadIdMarker>`
      : "";
  const elements = entries.map(
    ({ key, uploadId, begunMs }) =>
      `<Upload><Key>${keyText(key, request)}</Key><UploadId>${uploadId}</UploadId>` +
      `<Initiated>${new Date(begunMs).toISOString()}</Initiated></Upload>`,
  );
  return xml(
    `<ListMultipartUploadsResult><IsTruncated>${isTruncated}</IsTruncated>${next}${elements.join("")}</ListMultipartUploadsResult>`,
  );
}
