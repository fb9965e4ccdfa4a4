import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from "@aws-sdk/client-s3";
import { isKey, type ListOptions, type StoredObject } from "../object-store.ts";
import { attempt } from "./attempt.ts";
import { compareNames, unusableListing } from "./listing-order.ts";
import type { S3Place } from "./s3-place.ts";

/**
 * Pages through a listing. What a server leaves to us (some ignore `start-after`) is done here again, and
 * one that does not list in order is refused: a purge or an audit that pages through it would miss objects.
 * A name that is no key (a folder marker, a foreign file) is passed over, and shown.
 */
export async function* listObjects(
  place: S3Place,
  prefix: string,
  { startAfter = "", onForeign }: ListOptions,
): AsyncGenerator<StoredObject> {
  let token: string | undefined;
  let lastName = "";
  do {
    const page = await readPage(place, prefix, startAfter, token);
    for (const { Key: name = "", Size: sizeBytes = 0, LastModified, ETag } of page.Contents ?? []) {
      if (compareNames(name, lastName) <= 0) throw unusableListing(place, "lists objects in no order");
      lastName = name;
      const key = name.slice(place.base.length);
      const isWanted = name.startsWith(place.base + prefix) && key > startAfter;
      if (!isWanted) continue;
      if (isKey(key)) {
        yield { key, sizeBytes, modifiedMs: LastModified?.getTime(), md5: md5Of(place, ETag) };
      } else onForeign?.(key);
    }
    const next = page.IsTruncated === false ? undefined : page.NextContinuationToken;
    const isStuck = next !== undefined && next === token;
    if (isStuck || (page.IsTruncated === true && next === undefined)) {
      throw unusableListing(place, "breaks listings off");
    }
    token = next;
  } while (token !== undefined);
}

/**
 * An ETag is the MD5 of what was put in one piece and is not encrypted with a key of KMS or the customer's. Source: Amazon
 * S3 API, Object. Whether the bucket's own default asks for such a key, no listing says.
 */
function md5Of({ atRest }: S3Place, etag: string | undefined): string | undefined {
  if (atRest.kind === "kms-key" || atRest.kind === "customer-key") return undefined;
  return /^"?([0-9a-f]{32})"?$/.exec(etag ?? "")?.[1];
}

function readPage(
  place: S3Place,
  prefix: string,
  startAfter: string,
  token: string | undefined,
): Promise<ListObjectsV2CommandOutput> {
  const command = new ListObjectsV2Command({
    Bucket: place.bucket,
    Prefix: place.base + prefix,
    StartAfter: startAfter === "" ? undefined : place.base + startAfter,
    ContinuationToken: token,
  });
  return attempt(place, `ListObjectsV2 ${prefix}`.trimEnd(), ({ signal }) =>
    place.client.send(command, { abortSignal: signal }),
  );
}
