/** Compressed bytes in, a portion at a time; everything that follows from a portion out before the next goes in. */
export interface Decoder {
  push(portion: Uint8Array): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** What is still to come out at the end of the input. Throws when the input is cut off. */
  finish(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** Frees what the decoder holds, wherever it stands. */
  close(): void;
}
