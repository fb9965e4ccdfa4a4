import type { S3Settings } from "../../config/config.ts";
import { checkKey, checkRange } from "./check-key.ts";
import { digestBytes } from "./digest-bytes.ts";
import { writeLocalCopy } from "./local-copy.ts";
import type { ObjectStore } from "./object-store.ts";
import { attempt } from "./s3/attempt.ts";
import { deleteObjects } from "./s3/delete-objects.ts";
import { download } from "./s3/download.ts";
import { getObject, getRange, headObject } from "./s3/get-object.ts";
import { listHidden } from "./s3/list-hidden.ts";
import { listObjects } from "./s3/list-objects.ts";
import { openS3Place, type S3Root } from "./s3/open-s3-place.ts";
import { putObject } from "./s3/put-object.ts";
import type { Patience } from "./s3/s3-place.ts";
import { serverTime } from "./s3/server-time.ts";
import type { TransferSizes } from "./s3/transfer-sizes.ts";

/**
 * Objects in a bucket, each key behind the prefix. The server must honour `If-None-Match: *`: one that
 * ignores it would replace objects. Trouble with the server is a UserError that says what to do: to try
 * again when it may pass, to correct the config when it will not.
 */
export async function openS3Store(
  root: S3Root,
  settings: S3Settings,
  patience?: Patience,
  sizes?: TransferSizes,
): Promise<ObjectStore> {
  const place = await openS3Place(root, settings, patience, sizes);
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
      // Each request has its own deadline; what is attempted again here is a copy whose bytes were not right.
      return attempt(place, `GetObject ${key}`, () =>
        writeLocalCopy(directory, { url, key }, download(place, key)),
      );
    },

    async digest(key) {
      checkKey(key);
      return attempt(place, `GetObject ${key}`, () => digestBytes(download(place, key)));
    },

    list: (prefixOfKeys, options = {}) => listObjects(place, prefixOfKeys, options),

    listHidden: (prefixOfKeys) => listHidden(place, prefixOfKeys),

    async remove(keys) {
      for (const key of keys) checkKey(key);
      return deleteObjects(place, [...new Set(keys)]);
    },

    clockMs: () => serverTime(place),
  };
}
