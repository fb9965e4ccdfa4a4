import { Decrypter, Encrypter } from "age-encryption";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { identityLines, withoutArmor } from "./identity-text.ts";
import type { CustodianSecrets, SealedFor } from "./keyring.ts";

/** What this program and its stock tool open themselves; others (ssh, plugins) the stock `age` opens. */
const nativeIdentity = /^AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]+$/;

/**
 * One age file for people: native recipients (X25519, hybrid, tag) or a passphrase (scrypt, 2^18). Throws UserError
 * for a recipient that is none of these; it says how to use an ssh key.
 */
export async function sealFor(plain: Uint8Array, sealedFor: SealedFor): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  if ("passphrase" in sealedFor) {
    if (sealedFor.passphrase === "") throw new UserError("a passphrase cannot be empty", exitCode.usage);
    encrypter.setPassphrase(sealedFor.passphrase);
  } else {
    if (sealedFor.recipients.length === 0) throw new UserError("no recipient was given", exitCode.usage);
    for (const recipient of sealedFor.recipients) addRecipient(encrypter, recipient);
  }
  return encrypter.encrypt(plain);
}

function addRecipient(encrypter: Encrypter, recipient: string): void {
  try {
    encrypter.addRecipient(recipient);
  } catch (error) {
    // Who pastes a private key by mistake must not find it in a log.
    const shown = /^(?:age1|ssh-)/.test(recipient) ? `${recipient} is` : "one of those given is";
    throw new UserError(
      `${shown} no age recipient that can be used here: give one that begins with age1. For an ssh key or a plugin: make the keyring for an age recipient or a passphrase first, then wrap what "age -d custodian.age" prints with the stock age, and put the result in the place of custodian.age`,
      exitCode.usage,
      { cause: error },
    );
  }
}

/** Undefined when nothing of these secrets opens it. */
export async function openWith(
  sealed: Uint8Array,
  secrets: CustodianSecrets,
): Promise<Uint8Array | undefined> {
  const identities = await nativeIdentities(secrets);
  const withIdentities = new Decrypter();
  for (const identity of identities) withIdentities.addIdentity(identity);
  const opened = identities.length === 0 ? undefined : await tryToOpen(withIdentities, sealed);
  if (opened !== undefined || secrets.passphrase === undefined) return opened;
  return tryToOpen(withPassphrase(secrets.passphrase), sealed);
}

/** The identities that were brought, one a line, of identity files that may be encrypted with the passphrase. */
export async function nativeIdentities(secrets: CustodianSecrets): Promise<readonly string[]> {
  const found: string[] = [];
  for (const text of secrets.identities) {
    const plain = await identityFileText(text, secrets.passphrase);
    found.push(...identityLines(plain).filter((line) => nativeIdentity.test(line)));
  }
  return found;
}

async function identityFileText(text: string, passphrase: string | undefined): Promise<string> {
  const encrypted = withoutArmor(text);
  if (encrypted === undefined) return text;
  if (passphrase === undefined) {
    throw new UserError(
      "an identity file is encrypted with a passphrase; give that passphrase too",
      exitCode.usage,
    );
  }
  const opened = await tryToOpen(withPassphrase(passphrase), encrypted);
  if (opened === undefined) {
    throw new UserError("the passphrase does not open the encrypted identity file", exitCode.usage);
  }
  try {
    return Buffer.from(opened).toString("utf8");
  } finally {
    opened.fill(0);
  }
}

function withPassphrase(passphrase: string): Decrypter {
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  return decrypter;
}

/** The library throws for what is damaged and for what is another's alike; identities that are none count as another's. */
async function tryToOpen(decrypter: Decrypter, sealed: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    return await decrypter.decrypt(sealed);
  } catch {
    return undefined;
  }
}
