import { createHash, type Hash } from "node:crypto";

/**
 * Begins the hash of a piece or a head: SHA-256 over the node's secret and then the bytes. Without the secret
 * nobody can find out, by trying addresses and times, which line a short piece holds: the ledger outlives raw.
 */
export function createPieceHash(secret: Uint8Array): Hash {
  return createHash("sha256").update(secret);
}
