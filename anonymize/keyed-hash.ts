/**
 * HalfSipHash-2-4 with 64 bits of output (J.-P. Aumasson, github.com/veorq/SipHash, halfsiphash.c): a keyed hash
 * made for tables whose entries strangers choose, and of 32-bit words, which JavaScript has.
 */
export interface KeyedHash {
  /** Writes the hash of `source[start .. end]` into `out[at]` and `out[at + 1]`. */
  readonly hashBytes: (source: Uint8Array, start: number, end: number, out: Uint32Array, at: number) => void;
  /** Writes the hash of all of `words`, each as four bytes, little end first, into `out[at]` and `out[at + 1]`. */
  readonly hashWords: (words: Uint32Array, out: Uint32Array, at: number) => void;
}

/** `key0` and `key1` are the two 32-bit halves of the secret key. */
export function createKeyedHash(key0: number, key1: number): KeyedHash {
  let v0 = 0;
  let v1 = 0;
  let v2 = 0;
  let v3 = 0;

  const begin = (): void => {
    v0 = key0;
    v1 = key1 ^ 0xee;
    v2 = 0x6c79_6765 ^ key0;
    v3 = 0x7465_6462 ^ key1;
  };

  const round = (): void => {
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
  };

  const compress = (word: number): void => {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  };

  const finish = (out: Uint32Array, at: number): void => {
    v2 ^= 0xee;
    for (let i = 0; i < 4; i++) round();
    out[at] = v1 ^ v3;
    v1 ^= 0xdd;
    for (let i = 0; i < 4; i++) round();
    out[at + 1] = v1 ^ v3;
  };

  return {
    hashBytes(source, start, end, out, at) {
      begin();
      let i = start;
      for (; i + 4 <= end; i += 4) {
        compress(
          (source[i] as number) |
            ((source[i + 1] as number) << 8) |
            ((source[i + 2] as number) << 16) |
            ((source[i + 3] as number) << 24),
        );
      }
      let last = (end - start) << 24;
      for (let shift = 0; i < end; i++, shift += 8) last |= (source[i] as number) << shift;
      compress(last);
      finish(out, at);
    },

    hashWords(words, out, at) {
      begin();
      for (let i = 0; i < words.length; i++) compress(words[i] as number);
      compress((words.length * 4) << 24);
      finish(out, at);
    },
  };
}
