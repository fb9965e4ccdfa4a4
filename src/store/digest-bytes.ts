import { createHash } from "node:crypto";
import { DIGEST_START_BYTES, type ObjectDigest } from "./object-store.ts";

/** Takes an object's bytes one part after the other. Keeps none of the parts, so that they may be used again. */
export interface DigestBuilder {
  take(part: Uint8Array): void;
  end(): ObjectDigest;
}

export function createDigestBuilder(): DigestBuilder {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  let start = new Uint8Array(0);
  return {
    take(part) {
      hash.update(part);
      sizeBytes += part.length;
      const missing = DIGEST_START_BYTES - start.length;
      if (missing > 0) start = joined(start, part.subarray(0, missing));
    },
    end: () => ({ sizeBytes, sha256: hash.digest("hex"), start }),
  };
}

/** Of all parts together. */
export async function digestBytes(
  parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<ObjectDigest> {
  const builder = createDigestBuilder();
  for await (const part of parts) builder.take(part);
  return builder.end();
}

function joined(before: Uint8Array, after: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(before.length + after.length);
  bytes.set(before);
  bytes.set(after, before.length);
  return bytes;
}
