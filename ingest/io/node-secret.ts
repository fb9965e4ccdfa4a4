import { randomBytes } from "node:crypto";
import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";
import { ObjectNotFoundError, type ObjectStore } from "../../src/store/object-store.ts";

const SECRET_BYTES = 32;

/**
 * The secret that keys the hashes in a node's manifests; made at the first call. It lies in the ledger, apart
 * from chains and manifests, because an import on another machine needs it too and an auditor does not.
 */
export async function ensureNodeSecret(ledger: ObjectStore, node: string): Promise<Uint8Array> {
  const key = `secrets/${node}`;
  const secret = (await readSecret(ledger, key)) ?? (await makeSecret(ledger, key));
  if (secret.length === SECRET_BYTES) return secret;
  throw new UserError(
    `${ledger.url}/${key} is not what hostlog put there; without it nobody knows which lines are stored already. Restore it from a copy of the ledger.`,
    exitCode.integrity,
  );
}

async function readSecret(ledger: ObjectStore, key: string): Promise<Uint8Array | undefined> {
  try {
    return await ledger.read(key);
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return undefined;
    throw error;
  }
}

async function makeSecret(ledger: ObjectStore, key: string): Promise<Uint8Array> {
  const secret = randomBytes(SECRET_BYTES);
  return (await ledger.create(key, secret)) === "created" ? secret : ledger.read(key);
}
