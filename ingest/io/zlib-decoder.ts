import type { Transform } from "node:stream";
import { DamagedLogError } from "./damaged-log-error.ts";
import type { Decoder } from "./decoder.ts";

/** A stream of `node:zlib`; `bytesWritten` counts what its engine has taken, not what it was given. */
export type ZlibStream = Transform & { readonly bytesWritten: number };

/**
 * One of Node's own decoders. It drops what came out of the portion in which it fails: see `decompress`. Behind
 * the end that it sees there may be zeros, with which tapes and block devices are padded; anything else there
 * is data that nobody would have read.
 */
export function createZlibDecoder(stream: ZlibStream): Decoder {
  const unpacked: Uint8Array[] = [];
  let failure: unknown;
  let givenBytes = 0;
  stream.on("data", (chunk: Uint8Array) => unpacked.push(chunk));
  stream.on("error", (error) => {
    failure = error;
  });
  // A damaged stream closes without saying what became of the portion.
  const closed = new Promise<void>((resolve) => stream.once("close", resolve));
  /** What came out before the damage is handed on first. */
  function* drain(): Generator<Uint8Array> {
    yield* unpacked.splice(0);
    if (failure !== undefined)
      throw new DamagedLogError("its compressed data is cut off or damaged", { cause: failure });
  }
  return {
    async *push(portion) {
      await Promise.race([closed, new Promise<void>((resolve) => stream.write(portion, () => resolve()))]);
      givenBytes += portion.length;
      const ignoredBytes = Math.min(portion.length, givenBytes - stream.bytesWritten);
      const ignored = portion.subarray(portion.length - ignoredBytes);
      if (ignored.some((byte) => byte !== 0)) failure ??= new Error("something else follows behind its end");
      yield* drain();
    },
    async *finish() {
      stream.end();
      await closed;
      yield* drain();
    },
    close: () => void stream.destroy(),
  };
}
