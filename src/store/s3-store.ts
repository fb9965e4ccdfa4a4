import type { S3Settings } from "../../config/config.ts";
import { checkKey, checkRange } from "./check-key.ts";
import { writeLocalCopy } from "./local-copy.ts";
import type { ObjectStore } from "./object-store.ts";
import { deleteObjects } from "./s3/delete-objects.ts";
import { getObject, getRange, headObject } from "./s3/get-object.ts";
import { listObjects } from "./s3/list-objects.ts";
import { putObject } from "./s3/put-object.ts";
import { listHidden } from "./s3/list-hidden.ts";
import { openS3Place, type S3Root } from "./s3/open-s3-place.ts";
import type { Patience, S3Place } from "./s3/s3-place.ts";

/** A copy is fetched in parts of this size, so that a large object needs no large memory. */
const PART_BYTES = 16_777_216;

/**
 * Objects in a bucket, each key behind the prefix. The server must honour `If-None-Match: *`: one that
 * ignores it would replace objects. Trouble with the server is a UserError that says what to do: to try
 * again when it may pass, to correct the config when it will not.
 */
export async function openS3Store(
  root: S3Root,
  settings: S3Settings,
  patience?: Patience,
): Promise<ObjectStore> {
  const place = await openS3Place(root, settings, patience);
  const { url } = place;

  return {
    url,

    async create(key, body) {
      checkKey(key);
      return putObject(place, key, body);
    },

    async read(key, range) {
      checkKey(key);
      if (range === undefined) return getObject(place, key);
      if (range.start !== range.end) return getRange(place, key, range);
      // S3 has no empty ranges.
      checkRange(range, key, await headObject(place, key));
      return new Uint8Array(0);
    },

    async asFile(key, directory) {
      checkKey(key);
      const sizeBytes = await headObject(place, key);
      return writeLocalCopy(directory, { url, key }, readParts(place, key, sizeBytes));
    },

    list: (prefixOfKeys, { startAfter = "" } = {}) => listObjects(place, prefixOfKeys, startAfter),

    listHidden: (prefixOfKeys) => listHidden(place, prefixOfKeys),

    async remove(keys) {
      for (const key of keys) checkKey(key);
      return deleteObjects(place, [...new Set(keys)]);
    },
  };
}

async function* readParts(place: S3Place, key: string, sizeBytes: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < sizeBytes; start += PART_BYTES) {
    yield await getRange(place, key, { start, end: Math.min(start + PART_BYTES, sizeBytes) });
  }
}
