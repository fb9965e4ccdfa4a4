import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";

/** Whose records are written: an Ed25519 pair (RFC 8032), and the store that they are about. */
export interface RecordSigner {
  /** The store's id: a record of one store is none of another. */
  readonly storeId: string;
  /** The public half, `ed25519:` and the base64 of 32 bytes. */
  readonly key: string;
  /** 64 bytes. The same message gives the same signature, so that a record which is written twice is written once. */
  sign(message: Uint8Array): Uint8Array;
}

/** The last of the 43 characters has two bits to spare, which are 0: one key has one text. */
const keyPattern = /^ed25519:([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)$/;

/** RFC 8410: what stands before the 32 bytes of an Ed25519 public key in its SubjectPublicKeyInfo. */
const publicKeyPrefix = Buffer.from("302a300506032b6570032100", "hex");

/** Throws for bytes that are no PEM file (PKCS #8) of an Ed25519 private key. */
export function createRecordSigner(storeId: string, privatePem: Uint8Array): RecordSigner {
  const privateKey = readPrivateKey(privatePem);
  if (privateKey.asymmetricKeyType !== "ed25519") throw new Error("not an Ed25519 key");
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  return {
    storeId,
    key: `ed25519:${Buffer.from(spki.subarray(-32)).toString("base64")}`,
    sign: (message) => sign(null, message, privateKey),
  };
}

function readPrivateKey(pem: Uint8Array): KeyObject {
  const copy = Buffer.from(pem);
  try {
    return createPrivateKey(copy);
  } finally {
    copy.fill(0);
  }
}

export function isSigningKey(text: string): boolean {
  return keyPattern.test(text);
}

/** Keys that were met before, because making one of 32 bytes takes as long as using it. */
const publicKeys = new Map<string, KeyObject>();
const PUBLIC_KEYS_MAX = 1000;

/** False for a signature that does not hold, and for a key that is none. */
export function isSignatureOf(key: string, message: Uint8Array, signature: Uint8Array): boolean {
  const publicKey = publicKeyOf(key);
  return publicKey !== undefined && verify(null, message, publicKey, signature);
}

/** The same, on another thread: of many records, one takes longer to verify than all else that is done with it. */
export function findSignatureOf(key: string, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  const publicKey = publicKeyOf(key);
  if (publicKey === undefined) return Promise.resolve(false);
  return new Promise((resolve, reject) => {
    verify(null, message, publicKey, signature, (error, isRight) => {
      if (error === null) resolve(isRight);
      else reject(error);
    });
  });
}

function publicKeyOf(key: string): KeyObject | undefined {
  const known = publicKeys.get(key);
  if (known !== undefined) return known;
  const base64 = keyPattern.exec(key)?.[1];
  if (base64 === undefined) return undefined;
  const der = Buffer.concat([publicKeyPrefix, Buffer.from(base64, "base64")]);
  const made = createPublicKey({ key: der, format: "der", type: "spki" });
  if (publicKeys.size >= PUBLIC_KEYS_MAX) publicKeys.clear();
  publicKeys.set(key, made);
  return made;
}
