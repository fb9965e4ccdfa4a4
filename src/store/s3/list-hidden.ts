import type { HiddenObject } from "../object-store.ts";
import { listUploads } from "./list-uploads.ts";
import { listVersions } from "./list-versions.ts";
import type { S3Place } from "./s3-place.ts";

/**
 * Versions first, then uploads. A version that a listing hides for the moment cannot be known; where listings
 * lag, look again later. Throws AccessDeniedError.
 */
export async function* listHidden(place: S3Place, prefix: string): AsyncGenerator<HiddenObject> {
  for await (const { key, isMarker, isLatest, sizeBytes } of listVersions(place, prefix)) {
    if (isMarker) yield { key, kind: "delete-marker", sizeBytes };
    else if (!isLatest) yield { key, kind: "version", sizeBytes };
  }
  for await (const { key } of listUploads(place, prefix)) yield { key, kind: "upload", sizeBytes: 0 };
}
