import { sha256Hex } from "../../src/sha256.ts";

/** A first line is looked at up to here. */
const HEAD_BYTES_MAX = 64 * 1024;

/**
 * What finds a log again under another name, compressed or grown: the hash of its first line. The domain that
 * the file's name gives is part of it, because the same line in two sites' files is two requests.
 */
export function headFingerprint(head: Uint8Array, domain: string | undefined): string {
  const newline = head.indexOf(0x0a);
  const end = Math.min(newline === -1 ? head.length : newline, HEAD_BYTES_MAX);
  return sha256Hex(`hostlog head\n${domain ?? ""}\n`, head.subarray(0, end)).slice(0, 32);
}
