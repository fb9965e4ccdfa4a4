import { ListMultipartUploadsCommand, type ListMultipartUploadsCommandOutput } from "@aws-sdk/client-s3";
import { exitCode } from "../../exit-code.ts";
import { AccessDeniedError, isKey } from "../object-store.ts";
import { attempt } from "./attempt.ts";
import { unusableListing } from "./listing-order.ts";
import { type Refusal, refusalOf } from "./refusal.ts";
import type { S3Place } from "./s3-place.ts";

/** A multipart upload that was begun and neither completed nor aborted. */
export interface ListedUpload {
  readonly key: string;
  readonly uploadId: string;
}

/**
 * Every unfinished upload of the keys that start with `prefix`; none when the server knows no such uploads.
 * The order is not checked: Ceph goes by name and id together, so that `a-b` comes before `a`.
 * Throws AccessDeniedError when it cannot be found out.
 */
export async function* listUploads(place: S3Place, prefix: string): AsyncGenerator<ListedUpload> {
  let marker: UploadMarker | undefined;
  do {
    const page = await readPage(place, prefix, marker);
    if (page === "denied") throw mayNotList(place);
    if (page === "unsupported") return;
    for (const { Key: name = "", UploadId: uploadId = "" } of page.Uploads ?? []) {
      const key = name.slice(place.base.length);
      if (name.startsWith(place.base + prefix) && isKey(key)) yield { key, uploadId };
    }
    marker = nextMarker(place, page, marker);
  } while (marker !== undefined);
}

interface UploadMarker {
  readonly name: string;
  readonly uploadId: string | undefined;
}

/** Ceph names markers on the last page as well, so that they alone do not mean more. */
function nextMarker(
  place: S3Place,
  page: ListMultipartUploadsCommandOutput,
  last: UploadMarker | undefined,
): UploadMarker | undefined {
  if (page.IsTruncated !== true) return undefined;
  const { NextKeyMarker: name, NextUploadIdMarker: uploadId } = page;
  if (name === undefined || (name === last?.name && uploadId === last.uploadId)) {
    throw unusableListing(place, "breaks listings of uploads off");
  }
  return { name, uploadId };
}

function readPage(
  place: S3Place,
  prefix: string,
  marker: UploadMarker | undefined,
): Promise<ListMultipartUploadsCommandOutput | Refusal> {
  const command = new ListMultipartUploadsCommand({
    Bucket: place.bucket,
    Prefix: place.base + prefix,
    KeyMarker: marker?.name,
    UploadIdMarker: marker?.uploadId,
  });
  return attempt(place, `ListMultipartUploads ${prefix}`.trimEnd(), async ({ signal }) => {
    try {
      return await place.client.send(command, { abortSignal: signal });
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === undefined) throw error;
      return refusal;
    }
  });
}

function mayNotList({ url }: S3Place): AccessDeniedError {
  return new AccessDeniedError(
    `${url}: it cannot be found out which uploads were never finished; allow s3:ListBucketMultipartUploads on the bucket to these credentials`,
    exitCode.config,
  );
}
