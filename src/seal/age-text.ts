import { bech32 } from "@scure/base";
import { KEY_BYTES } from "./x25519.ts";

/** Source: C2SP age.md, "Native public-key recipient". */
const RECIPIENT_PREFIX = "age";
const IDENTITY_PREFIX = "AGE-SECRET-KEY-";

/** The public half as age writes it: `age1…`, 62 characters. */
export function encodeRecipient(recipient: Uint8Array): string {
  return bech32.encodeFromBytes(RECIPIENT_PREFIX, recipient);
}

/** Undefined for what is no X25519 recipient of age. */
export function decodeRecipient(text: string): Uint8Array | undefined {
  return text === text.toLowerCase() ? decode(text, RECIPIENT_PREFIX) : undefined;
}

/** The private half as age writes it: `AGE-SECRET-KEY-1…`, 74 characters. */
export function encodeIdentity(identity: Uint8Array): string {
  return bech32.encodeFromBytes(IDENTITY_PREFIX, identity).toUpperCase();
}

/** Undefined for what is no X25519 identity of age. */
export function decodeIdentity(text: string): Uint8Array | undefined {
  return text === text.toUpperCase() ? decode(text, IDENTITY_PREFIX.toLowerCase()) : undefined;
}

function decode(text: string, prefix: string): Uint8Array | undefined {
  try {
    const decoded = bech32.decodeToBytes(text.toLowerCase());
    return decoded.prefix === prefix && decoded.bytes.length === KEY_BYTES ? decoded.bytes : undefined;
  } catch {
    return undefined;
  }
}
