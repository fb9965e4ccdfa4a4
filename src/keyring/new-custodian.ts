import { encodeRecipient } from "../seal/age-text.ts";
import { generateIdentity } from "../seal/x25519.ts";
import { formatIdentityFile } from "./identity-text.ts";
import type { CustodianWish, KeyringKind } from "./keyring.ts";
import { sealFor } from "./seal-for.ts";

/** A custodian identity that was made now, and how it is to lie on the disk. */
export interface NewCustodian {
  readonly kind: KeyringKind;
  /** 32 bytes, the caller's to overwrite. */
  readonly identity: Uint8Array;
  readonly recipient: Uint8Array;
  /** `age1…` */
  readonly recipientText: string;
  readonly people: readonly string[];
  /** The bytes of `custodian.key` or `custodian.age`. */
  readonly stored: Uint8Array;
}

export async function newCustodian(store: string, wish: CustodianWish): Promise<NewCustodian> {
  const { identity, recipient } = generateIdentity();
  const plain = formatIdentityFile(`custodian identity of the hostlog store ${store}`, identity);
  const common = { kind: wish.kind, identity, recipient, recipientText: encodeRecipient(recipient) };
  if (wish.kind === "small") return { ...common, people: [], stored: plain };
  try {
    const people = "recipients" in wish ? wish.recipients : [];
    return { ...common, people, stored: await sealFor(plain, wish) };
  } finally {
    plain.fill(0);
  }
}
