import { done, failed, type S3Answer, type S3Request, xml } from "../s3-answer.ts";
import { bucketOf, md5, type S3Contents } from "./contents.ts";
import type { S3Switches } from "./switches.ts";
import { elementsOf, escapeXml, textOf } from "./xml.ts";

export interface Keeping {
  /** What the server says of a `bucket/key` instead of deleting it. */
  readonly undeletable: ReadonlyMap<string, string>;
  /** Until when object lock keeps a version, ISO 8601, by `bucket/key?versionId=ID`. */
  readonly locks: ReadonlyMap<string, string>;
}

interface Deletion {
  readonly versionId: string | undefined;
  readonly isMarker: boolean;
}

/** Source: Amazon S3 API, GetObjectRetention. */
export function getRetention({ name, query }: S3Request, contents: S3Contents, { locks }: Keeping): S3Answer {
  const versionId = query.get("versionId") ?? contents.current(name)?.versionId;
  if (versionId === undefined) return failed(404, "NoSuchKey");
  const until = locks.get(`${name}?versionId=${versionId}`);
  if (until === undefined) return failed(404, "NoSuchObjectLockConfiguration");
  return xml(`<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>${until}</RetainUntilDate></Retention>`);
}

export function deleteObject({ name, query }: S3Request, contents: S3Contents, keeping: Keeping): S3Answer {
  const wanted = query.get("versionId") ?? undefined;
  const code = refusalOfDeletion(keeping, name, wanted);
  if (code === "AccessDenied") return failed(403, code);
  const { versionId, isMarker } = deleteOne(contents, name, wanted);
  return done(204, {
    ...(versionId === undefined ? {} : { "x-amz-version-id": versionId }),
    ...(isMarker ? { "x-amz-delete-marker": "true" } : {}),
  });
}

/** HTTP 200, whatever became of the keys. Source: Amazon S3 API, DeleteObjects. */
export function deleteObjects(
  { name: bucket, headers, body }: S3Request,
  contents: S3Contents,
  keeping: Keeping,
  { may, ignoresChecksums }: S3Switches,
): S3Answer {
  const isChecked = Object.keys(headers).some((name) => /^(?:content-md5|x-amz-checksum-.*)$/.test(name));
  if (!isChecked && !ignoresChecksums) return failed(400, "InvalidRequest");
  const text = body.toString();
  const wanted = elementsOf(text, "Object");
  if (wanted.length === 0 || wanted.length > 1000) return failed(400, "MalformedXML");
  const isQuiet = textOf(text, "Quiet") === "true";
  const answers = wanted.map((object) => {
    const key = textOf(object, "Key") ?? "";
    const versionId = textOf(object, "VersionId");
    const name = `${bucket}/${key}`;
    const query = new URLSearchParams(versionId === undefined ? [] : [["versionId", versionId]]);
    const code = may("DeleteObjects", name, query)
      ? refusalOfDeletion(keeping, name, versionId)
      : "AccessDenied";
    const named = `<Key>${escapeXml(key)}</Key>${versionId === undefined ? "" : `<VersionId>${versionId}</VersionId>`}`;
    if (code !== undefined) return `<Error>${named}<Code>${code}</Code><Message></Message></Error>`;
    const deletion = deleteOne(contents, name, versionId);
    return isQuiet ? "" : `<Deleted>${named}${markerElements(deletion)}</Deleted>`;
  });
  return xml(`<DeleteResult>${answers.join("")}</DeleteResult>`);
}

function markerElements({ isMarker, versionId }: Deletion): string {
  if (!isMarker) return "";
  return `<DeleteMarker>true</DeleteMarker><DeleteMarkerVersionId>${versionId}</DeleteMarkerVersionId>`;
}

/** A delete marker may be put over a locked version. Source: Amazon S3 User Guide, "Locking objects". */
function refusalOfDeletion(
  { undeletable, locks }: Keeping,
  name: string,
  versionId: string | undefined,
): string | undefined {
  return locks.has(`${name}?versionId=${versionId}`) ? "AccessDenied" : undeletable.get(name);
}

/**
 * Where versions are kept, a delete that names none adds a marker, also of what never was. Where they are
 * kept no longer, the marker takes the place of the "null" version.
 */
function deleteOne(contents: S3Contents, name: string, versionId: string | undefined): Deletion {
  if (versionId !== undefined) {
    return { versionId, isMarker: contents.take(name, versionId)?.isMarker === true };
  }
  if (!contents.versioning.has(bucketOf(name))) {
    contents.take(name, "null");
    return { versionId: undefined, isMarker: false };
  }
  const body = Buffer.alloc(0);
  const marker = { isMarker: true, body, etag: md5(body), checksum: undefined, atRest: { headers: {} } };
  return { versionId: contents.add(name, marker), isMarker: true };
}
