import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { formatProviderKey, linkMessage, type ProviderLink } from "./provider-history.ts";

/** The provider's Ed25519 pair. The private half is a PEM file (PKCS #8), which other tools read too. */
export interface ProviderPair {
  readonly privatePem: Uint8Array;
  /** `ed25519:` and base64. */
  readonly key: string;
}

export function generateProviderPair(): ProviderPair {
  const { privateKey } = generateKeyPairSync("ed25519");
  const privatePem = Buffer.from(privateKey.export({ format: "pem", type: "pkcs8" }));
  return { privatePem, key: providerKeyOfPem(privatePem) };
}

/** The public half. Throws for what is no such PEM file. */
export function providerKeyOfPem(privatePem: Uint8Array): string {
  const spki = createPublicKey(createPrivateKey(Buffer.from(privatePem))).export({
    format: "der",
    type: "spki",
  });
  // RFC 8410: the 32 bytes of the key stand last.
  return formatProviderKey(spki.subarray(-32));
}

/** 64 bytes. */
export function signWith(privatePem: Uint8Array, bytes: Uint8Array): Uint8Array {
  return sign(null, bytes, createPrivateKey(Buffer.from(privatePem)));
}

/** The leave that the key of `privatePem` gives to `key`. */
export function linkFrom(privatePem: Uint8Array, key: string): ProviderLink {
  const signature = Buffer.from(signWith(privatePem, linkMessage(key))).toString("base64");
  return { key, signature };
}
