import { createCipheriv, randomBytes } from "node:crypto";
import { FILE_KEY_BYTES, sealHeader } from "./age-header.ts";
import { chunkNonce, payloadKey } from "./payload-key.ts";
import { CHUNK_BYTES, NONCE_BYTES, sealedSize, TAG_BYTES } from "./sealed-layout.ts";

/** One age file that holds `plain`, in an ArrayBuffer of its own. Source: C2SP age.md. */
export function sealBytes(plain: Uint8Array, recipients: readonly Uint8Array[]): Uint8Array {
  const fileKey = randomBytes(FILE_KEY_BYTES);
  const header = sealHeader(fileKey, recipients);
  const nonce = randomBytes(NONCE_BYTES);
  const sealed = new Uint8Array(sealedSize(plain.length, header.length));
  sealed.set(header);
  sealed.set(nonce, header.length);
  const key = payloadKey(fileKey, nonce);
  let at = header.length + nonce.length;
  let from = 0;
  let index = 0;
  do {
    const end = Math.min(from + CHUNK_BYTES, plain.length);
    const cipher = createCipheriv("chacha20-poly1305", key, chunkNonce(index, end === plain.length), {
      authTagLength: TAG_BYTES,
    });
    sealed.set(cipher.update(plain.subarray(from, end)), at);
    cipher.final();
    at += end - from;
    sealed.set(cipher.getAuthTag(), at);
    at += TAG_BYTES;
    from = end;
    index++;
  } while (from < plain.length);
  key.fill(0);
  fileKey.fill(0);
  return sealed;
}
