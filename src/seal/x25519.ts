import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
  randomFillSync,
} from "node:crypto";

/** Bytes of a key, private or public. Source: RFC 7748, section 5. */
export const KEY_BYTES = 32;

export interface X25519Pair {
  /** Private: 32 bytes. */
  readonly identity: Uint8Array;
  /** Public: 32 bytes. */
  readonly recipient: Uint8Array;
}

/**
 * The point whose multiple by a private key is the public key (RFC 7748, sections 4.1 and 6.1). So no key is ever
 * exported: on Node 20 the export of a key that `generateKeyPairSync` made can wait for ever for a lock that it holds.
 */
const BASE_POINT = publicKeyOf(Uint8Array.of(9, ...new Uint8Array(KEY_BYTES - 1)));

/** A new pair. Any 32 random bytes are a private key (RFC 7748, section 5). */
export function generateIdentity(): X25519Pair {
  const identity = randomFillSync(new Uint8Array(KEY_BYTES));
  return { identity, recipient: recipientOf(identity) };
}

/** The public half of a private key of 32 bytes. */
export function recipientOf(identity: Uint8Array): Uint8Array {
  return publicBytesOf(privateKeyOf(identity));
}

export interface KeyAgreement {
  /** 32 bytes, the caller's to overwrite. */
  readonly secret: Uint8Array;
  /** The public half of the own key. */
  readonly own: Uint8Array;
}

/**
 * What the two keys agree on; undefined for a point of low order, with which everybody agrees on the same. Source:
 * RFC 7748, section 6.1.
 */
export function agree(identity: Uint8Array, recipient: Uint8Array): KeyAgreement | undefined {
  const privateKey = privateKeyOf(identity);
  const secret = sharedSecret(privateKey, publicKeyOf(recipient));
  return secret === undefined ? undefined : { secret, own: publicBytesOf(privateKey) };
}

/** As {@link agree}, with a key that is made for this once and never leaves. */
export function agreeOnce(recipient: Uint8Array): KeyAgreement | undefined {
  const identity = randomFillSync(new Uint8Array(KEY_BYTES));
  try {
    return agree(identity, recipient);
  } finally {
    identity.fill(0);
  }
}

function sharedSecret(privateKey: KeyObject, publicKey: KeyObject): Uint8Array | undefined {
  try {
    const secret = diffieHellman({ privateKey, publicKey });
    return secret.every((byte) => byte === 0) ? undefined : secret;
  } catch {
    // OpenSSL refuses to derive a secret of zeros.
    return undefined;
  }
}

/**
 * As a JWK, because OpenSSL 3 takes half a millisecond to find out that bytes are PKCS #8. Node wants a public half in
 * it and does not look at it: it is derived from the private one.
 */
function privateKeyOf(identity: Uint8Array): KeyObject {
  const key = { kty: "OKP", crv: "X25519", d: textOf(identity), x: textOf(new Uint8Array(KEY_BYTES)) };
  return createPrivateKey({ key, format: "jwk" });
}

function publicKeyOf(recipient: Uint8Array): KeyObject {
  return createPublicKey({ key: { kty: "OKP", crv: "X25519", x: textOf(recipient) }, format: "jwk" });
}

function publicBytesOf(privateKey: KeyObject): Uint8Array {
  return new Uint8Array(diffieHellman({ privateKey, publicKey: BASE_POINT }));
}

function textOf(key: Uint8Array): string {
  return Buffer.from(checked(key)).toString("base64url");
}

function checked(key: Uint8Array): Uint8Array {
  if (key.length !== KEY_BYTES) throw new Error(`an X25519 key has ${KEY_BYTES} bytes, not ${key.length}`);
  return key;
}
