import { isHeaderOf, openHeader, splitHeader } from "./age-header.ts";
import { createChunkOpener } from "./chunk-opener.ts";
import { SealBrokenError } from "./seal-broken-error.ts";
import { CHUNK_BYTES, chunkRange, NONCE_BYTES, sealedLayout } from "./sealed-layout.ts";

/**
 * The plain bytes of a whole sealed object, header checked. Throws {@link SealBrokenError}, and then has given out
 * nothing.
 */
export function openBytes(sealed: Uint8Array, fileKey: Uint8Array): Uint8Array {
  const header = headerOf(sealed);
  if (!isHeaderOf(header, fileKey)) {
    throw new SealBrokenError("the header was changed, or the key is another object's");
  }
  return openPayload(sealed, header, fileKey);
}

/** As {@link openBytes}, with the private key that the object was sealed for. */
export function openForIdentity(sealed: Uint8Array, identity: Uint8Array): Uint8Array {
  const header = headerOf(sealed);
  const fileKey = openHeader(header, identity);
  if (fileKey === undefined) throw new SealBrokenError("the header was changed, or is for another key");
  try {
    return openPayload(sealed, header, fileKey);
  } finally {
    fileKey.fill(0);
  }
}

/** The header has been checked. */
function openPayload(sealed: Uint8Array, header: Uint8Array, fileKey: Uint8Array): Uint8Array {
  const layout = sealedLayout(sealed.length, header.length);
  if (layout === undefined) throw new SealBrokenError("the sealed object was cut off");
  const nonce = sealed.subarray(header.length, header.length + NONCE_BYTES);
  const opener = createChunkOpener(layout, fileKey, nonce);
  const plain = new Uint8Array(layout.plainSizeBytes);
  try {
    for (let index = 0; index < layout.chunks; index++) {
      const { start, end } = chunkRange(layout, index);
      const chunk = opener.open(index, sealed.subarray(start, end));
      plain.set(chunk, index * CHUNK_BYTES);
      chunk.fill(0);
    }
    return plain;
  } catch (error) {
    plain.fill(0);
    throw error;
  } finally {
    opener.close();
  }
}

function headerOf(sealed: Uint8Array): Uint8Array {
  const header = splitHeader(sealed);
  if (header === undefined) throw new SealBrokenError("these bytes begin no sealed object");
  return header;
}
