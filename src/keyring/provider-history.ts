import { createPublicKey, verify } from "node:crypto";

/**
 * A key of the provider, and the leave that the key before it gave: an Ed25519 signature, base64, over
 * {@link linkMessage}. The first key of a history signs itself.
 */
export interface ProviderLink {
  /** `ed25519:` and the base64 of 32 bytes. */
  readonly key: string;
  readonly signature: string;
}

const keyPattern = /^ed25519:([A-Za-z0-9+/]{43}=)$/;

/** RFC 8410: what stands before the 32 bytes of an Ed25519 public key in its SubjectPublicKeyInfo. */
const publicKeyPrefix = Buffer.from("302a300506032b6570032100", "hex");

export function formatProviderKey(publicKey: Uint8Array): string {
  return `ed25519:${Buffer.from(publicKey).toString("base64")}`;
}

/** What one key of the provider signs to make `key` the next. */
export function linkMessage(key: string): Uint8Array {
  return Buffer.from(`hostlog provider key 1\n${key}\n`);
}

/** Whether `signature` is that of the provider's key `key` over `message`; false for a key that is none. */
export function isSignedBy(key: string, message: Uint8Array, signature: Uint8Array): boolean {
  const base64 = keyPattern.exec(key)?.[1];
  if (base64 === undefined) return false;
  const der = Buffer.concat([publicKeyPrefix, Buffer.from(base64, "base64")]);
  return verify(null, message, createPublicKey({ key: der, format: "der", type: "spki" }), signature);
}

/**
 * The newest key of the provider for who trusts `pinned`: each key behind it must be signed by the one before.
 * Undefined when `pinned` is none of the history's keys, or a link behind it does not hold. `history` begins with
 * the oldest. Links tell of a change in order; they cannot take trust back from a key that was stolen.
 */
export function followProvider(pinned: string, history: readonly ProviderLink[]): string | undefined {
  const start = history.findIndex(({ key }) => key === pinned);
  if (start === -1) return undefined;
  let trusted = pinned;
  for (const { key, signature } of history.slice(start + 1)) {
    if (!isSignedBy(trusted, linkMessage(key), Buffer.from(signature, "base64"))) return undefined;
    trusted = key;
  }
  return trusted;
}
