import { createDecipheriv } from "node:crypto";
import { chunkNonce, payloadKey } from "./payload-key.ts";
import { SealBrokenError } from "./seal-broken-error.ts";
import { chunkRange, type SealedLayout, TAG_BYTES } from "./sealed-layout.ts";

/** Opens chunks of one sealed object, in any order. */
export interface ChunkOpener {
  /**
   * The plain bytes of a chunk. The last one opens as the last only, so that opening it shows that nothing was
   * cut off behind. Throws {@link SealBrokenError}.
   */
  open(index: number, sealedChunk: Uint8Array): Uint8Array;
  /** Clears the key. */
  close(): void;
}

export function createChunkOpener(layout: SealedLayout, fileKey: Uint8Array, nonce: Uint8Array): ChunkOpener {
  const key = payloadKey(fileKey, nonce);
  return {
    open(index, sealedChunk) {
      const { start, end } = chunkRange(layout, index);
      if (index < 0 || index >= layout.chunks || sealedChunk.length !== end - start) {
        throw new SealBrokenError(
          "a part of the sealed object has not the length it must have: it was cut off",
        );
      }
      const plainBytes = sealedChunk.length - TAG_BYTES;
      const isLast = index === layout.chunks - 1;
      const decipher = createDecipheriv("chacha20-poly1305", key, chunkNonce(index, isLast), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAuthTag(sealedChunk.subarray(plainBytes));
      const plain = decipher.update(sealedChunk.subarray(0, plainBytes));
      try {
        decipher.final();
      } catch (error) {
        plain.fill(0);
        throw new SealBrokenError("the sealed object was changed or cut off, or the key is another's", {
          cause: error,
        });
      }
      return plain;
    },
    close() {
      key.fill(0);
    },
  };
}
