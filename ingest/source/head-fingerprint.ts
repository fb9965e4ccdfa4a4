import { createPieceHash } from "./piece-hash.ts";

/** A first line is looked at up to here. */
const HEAD_BYTES_MAX = 64 * 1024;

/**
 * What finds a log again under another name, compressed or grown: a keyed hash of its first line. The domain
 * that the file's name gives is part of it, because the same line in two sites' files is two requests.
 */
export function headFingerprint(secret: Uint8Array, head: Uint8Array, domain: string | undefined): string {
  const newline = head.indexOf(0x0a);
  const end = Math.min(newline === -1 ? head.length : newline, HEAD_BYTES_MAX);
  return createPieceHash(secret)
    .update(`hostlog head\n${domain ?? ""}\n`)
    .update(head.subarray(0, end))
    .digest("hex")
    .slice(0, 32);
}
