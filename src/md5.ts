import { createHash, getFips } from "node:crypto";

/**
 * MD5 as 32 lower-case hex digits: no proof of anything, but what S3 servers list as the ETag of what was put in one piece.
 * Undefined where the machine allows approved algorithms only (FIPS).
 */
export function md5Hex(bytes: Uint8Array): string | undefined {
  return getFips() === 1 ? undefined : createHash("md5").update(bytes).digest("hex");
}
