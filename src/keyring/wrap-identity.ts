import { decodeIdentity, encodeIdentity, encodeRecipient } from "../seal/age-text.ts";
import { openForIdentity } from "../seal/open-bytes.ts";
import { sealBytes } from "../seal/seal-bytes.ts";
import { generateIdentity, recipientOf } from "../seal/x25519.ts";
import type { KeptKey } from "./month-file.ts";

/** A new key pair, the private half wrapped for the custodian at once. */
export function makeKey(custodianRecipient: Uint8Array, at: string): KeptKey {
  const { identity, recipient } = generateIdentity();
  const wrapped = wrapIdentity(identity, custodianRecipient);
  identity.fill(0);
  return { recipient: encodeRecipient(recipient), createdAt: at, wrapped };
}

/** An age file, as base64. The stock `age` opens it, and what it prints is an identity file. */
export function wrapIdentity(identity: Uint8Array, custodianRecipient: Uint8Array): string {
  const text = Buffer.from(`${encodeIdentity(identity)}\n`);
  const sealed = sealBytes(text, [custodianRecipient]);
  text.fill(0);
  return Buffer.from(sealed).toString("base64");
}

/**
 * 32 bytes, the caller's to overwrite. Throws SealBrokenError when the custodian identity does not open it, and
 * returns undefined when what comes out is not the other half of `recipient`.
 */
export function unwrapIdentity(
  { wrapped, recipient }: KeptKey,
  custodianIdentity: Uint8Array,
): Uint8Array | undefined {
  const text = openForIdentity(Buffer.from(wrapped, "base64"), custodianIdentity);
  const identity = decodeIdentity(Buffer.from(text).toString("latin1").trim());
  text.fill(0);
  if (identity === undefined || encodeRecipient(recipientOf(identity)) === recipient) return identity;
  identity.fill(0);
  return undefined;
}
