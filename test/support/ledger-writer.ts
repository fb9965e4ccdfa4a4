import type { LedgerWriter } from "../../src/ledger/chain.ts";
import type { RecordBody } from "../../src/ledger/record.ts";
import { createRecordSigner, type RecordSigner } from "../../src/ledger/record-signer.ts";
import { sha256Hex } from "../../src/sha256.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";

/** RFC 8410: what stands before the 32 bytes of an Ed25519 private key in its PKCS #8. */
const privateKeyPrefix = "302e020100300506032b657004220420";

/** An Ed25519 key that everybody may know: RFC 8032, 7.1, TEST 1. */
const firstSeed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

export const testStoreId = "00000000-0000-4000-8000-000000000000";

export function testSigner(storeId = testStoreId): RecordSigner {
  return signerOfSeed(firstSeed, storeId);
}

/** Others, each with a key of its own: `number` is 1 to 255. */
export function otherSigner(number: number, storeId = testStoreId): RecordSigner {
  return signerOfSeed(number.toString(16).padStart(2, "0").repeat(32), storeId);
}

export function writerTo(ledger: ObjectStore, signer = testSigner()): LedgerWriter {
  return { ledger, signer };
}

function signerOfSeed(seed: string, storeId: string): RecordSigner {
  const base64 = Buffer.from(privateKeyPrefix + seed, "hex").toString("base64");
  const pem = `-----BEGIN PRIVATE KEY-----\n${base64}\n-----END PRIVATE KEY-----\n`;
  return createRecordSigner(storeId, Buffer.from(pem));
}

/** What earlier releases put into a chain, behind the bytes of the record before. */
export function unsignedRecord(
  chain: string,
  sequence: number,
  before: Uint8Array | undefined,
  body: RecordBody,
): Uint8Array {
  const previous = before === undefined ? "0".repeat(64) : sha256Hex(before);
  return Buffer.from(`${JSON.stringify({ version: 1, chain, sequence, previous, body })}\n`);
}
