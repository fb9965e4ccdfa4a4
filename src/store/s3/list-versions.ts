import { ListObjectVersionsCommand, type ListObjectVersionsCommandOutput } from "@aws-sdk/client-s3";
import { exitCode } from "../../exit-code.ts";
import { AccessDeniedError, isKey } from "../object-store.ts";
import { attempt } from "./attempt.ts";
import { bucketVersioning, noteVersioning } from "./bucket-versioning.ts";
import { compareNames, unusableListing } from "./listing-order.ts";
import { type Refusal, refusalOf } from "./refusal.ts";
import type { S3Place } from "./s3-place.ts";

/** A version of an object, or a delete marker, which counts as one. */
export interface ListedVersion {
  readonly key: string;
  /** "null" for what was stored while the bucket kept no versions. */
  readonly versionId: string;
  readonly isMarker: boolean;
  /** True for the one that readers and `list` go by. */
  readonly isLatest: boolean;
  readonly sizeBytes: number;
}

/**
 * Every version and delete marker of the keys that start with `prefix`; none when the bucket never kept
 * versions, or the server knows of none. A listing in no order is refused, as that of objects is. Throws
 * AccessDeniedError when it cannot be found out.
 */
export async function* listVersions(place: S3Place, prefix: string): AsyncGenerator<ListedVersion> {
  if ((await bucketVersioning(place)) === "never") return;
  let marker: VersionMarker | undefined;
  let lastName = "";
  do {
    const page = await readPage(place, prefix, marker);
    if (page === "denied") throw await mayNotList(place);
    if (page === "unsupported") return noteVersioning(place, "never");
    const names: string[] = [lastName];
    for (const entries of entriesOf(page)) {
      let name = lastName;
      for (const entry of entries) {
        if (compareNames(entry.name, name) < 0) throw unusableListing(place, "lists versions in no order");
        ({ name } = entry);
        const key = name.slice(place.base.length);
        if (name.startsWith(place.base + prefix) && isKey(key)) yield { key, ...entry.version };
      }
      names.push(name);
    }
    lastName = names.toSorted(compareNames).at(-1) ?? "";
    marker = nextMarker(place, page, marker);
  } while (marker !== undefined);
}

interface VersionMarker {
  readonly name: string;
  readonly versionId: string | undefined;
}

interface NamedVersion {
  readonly name: string;
  readonly version: Omit<ListedVersion, "key">;
}

/** Versions and markers each come in order; how they lie between each other is lost. */
function entriesOf(page: ListObjectVersionsCommandOutput): readonly (readonly NamedVersion[])[] {
  const versions = (page.Versions ?? []).map((entry) => ({
    name: entry.Key ?? "",
    version: {
      versionId: entry.VersionId ?? "null",
      isMarker: false,
      isLatest: entry.IsLatest === true,
      sizeBytes: entry.Size ?? 0,
    },
  }));
  const markers = (page.DeleteMarkers ?? []).map((entry) => ({
    name: entry.Key ?? "",
    version: {
      versionId: entry.VersionId ?? "null",
      isMarker: true,
      isLatest: entry.IsLatest === true,
      sizeBytes: 0,
    },
  }));
  return [versions, markers];
}

function nextMarker(
  place: S3Place,
  page: ListObjectVersionsCommandOutput,
  last: VersionMarker | undefined,
): VersionMarker | undefined {
  if (page.IsTruncated !== true) return undefined;
  const { NextKeyMarker: name, NextVersionIdMarker: versionId } = page;
  if (name === undefined || (name === last?.name && versionId === last.versionId)) {
    throw unusableListing(place, "breaks listings of versions off");
  }
  return { name, versionId };
}

function readPage(
  place: S3Place,
  prefix: string,
  marker: VersionMarker | undefined,
): Promise<ListObjectVersionsCommandOutput | Refusal> {
  const command = new ListObjectVersionsCommand({
    Bucket: place.bucket,
    Prefix: place.base + prefix,
    KeyMarker: marker?.name,
    VersionIdMarker: marker?.versionId,
  });
  return attempt(place, `ListObjectVersions ${prefix}`.trimEnd(), async ({ signal }) => {
    try {
      return await place.client.send(command, { abortSignal: signal });
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === undefined) throw error;
      return refusal;
    }
  });
}

async function mayNotList(place: S3Place): Promise<AccessDeniedError> {
  const isKept = (await bucketVersioning(place)) === "kept";
  const [what, permissions] = isKept
    ? ["which versions the bucket keeps", "s3:ListBucketVersions"]
    : ["whether the bucket keeps versions", "s3:GetBucketVersioning and s3:ListBucketVersions"];
  return new AccessDeniedError(
    `${place.url}: it cannot be found out ${what}; allow ${permissions} on the bucket to these credentials`,
    exitCode.config,
  );
}
