import type { LedgerWriter } from "../../src/ledger/chain.ts";
import { createRecordSigner, type RecordSigner } from "../../src/ledger/record-signer.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";

/** An Ed25519 key that everybody may know: RFC 8032, 7.1, TEST 1, as PKCS #8. */
const TEST_KEY_PEM = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----
`;

export const testStoreId = "00000000-0000-4000-8000-000000000000";

export function testSigner(storeId = testStoreId): RecordSigner {
  return createRecordSigner(storeId, Buffer.from(TEST_KEY_PEM));
}

export function writerTo(ledger: ObjectStore): LedgerWriter {
  return { ledger, signer: testSigner() };
}
