import { createHash } from "node:crypto";
import { DamagedError } from "./damaged-error.ts";
import { getRange, getUpTo, type LargeObject } from "./get-object.ts";
import { inOrderAhead } from "./in-order-ahead.ts";
import type { S3Place } from "./s3-place.ts";

/**
 * An object's bytes in order, in bounded memory: a small one at once, a large one in pieces, of which several
 * are fetched at a time. After the last one it throws DamagedError unless all of them together have the
 * SHA-256 that the server keeps. Throws ObjectNotFoundError, UserError.
 */
export async function* download(place: S3Place, key: string): AsyncGenerator<Uint8Array> {
  const object = await getUpTo(place, key, place.sizes.pieceBytes);
  if (object instanceof Uint8Array) yield object;
  else yield* downloadPieces(place, key, object);
}

async function* downloadPieces(
  place: S3Place,
  key: string,
  { sizeBytes, entityTag, sha256Base64 }: LargeObject,
): AsyncGenerator<Uint8Array> {
  const { pieceBytes, width } = place.sizes;
  const pieces = inOrderAhead(Math.ceil(sizeBytes / pieceBytes), width, (index) => {
    const start = index * pieceBytes;
    return getRange(place, key, { start, end: Math.min(start + pieceBytes, sizeBytes) }, entityTag);
  });
  const hash = createHash("sha256");
  for await (const piece of pieces) {
    hash.update(piece);
    yield piece;
  }
  if (sha256Base64 !== undefined && hash.digest("base64") !== sha256Base64) {
    throw new DamagedError("the pieces have not the SHA-256 that the server keeps of the whole");
  }
}
