import { join } from "node:path";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import { decodeIdentity, encodeRecipient } from "../../seal/age-text.ts";
import { openForIdentity } from "../../seal/open-bytes.ts";
import { SealBrokenError } from "../../seal/seal-broken-error.ts";
import { recipientOf } from "../../seal/x25519.ts";
import { readIdentityFile, stanzaTypes, withoutArmor } from "../identity-text.ts";
import type { CustodianSecrets } from "../keyring.ts";
import { type KeyringFile, providerKeyOf } from "../keyring-file.ts";
import { providerKeyOfPem } from "../provider-pair.ts";
import { damaged } from "../read-checked.ts";
import { nativeIdentities, openWith } from "../seal-for.ts";
import { custodianFileOf, keyringFiles, readKeyringPart, rereadKeyringFile } from "./keyring-folder.ts";

/** The secrets of an unlocked keyring, the holder's to overwrite. */
export interface HeldSecrets {
  /** The custodian identity, 32 bytes. */
  readonly identity: Uint8Array;
  /** The provider's private key. */
  readonly providerPem: Uint8Array;
}

/** What of a keyring is read to unlock it: all of one moment. */
export interface LockedParts {
  readonly file: KeyringFile;
  /** The bytes of `custodian.key` or `custodian.age`. */
  readonly custodian: Uint8Array;
  /** The bytes of `provider.age`. */
  readonly provider: Uint8Array;
}

/** Only for who holds the lock: a rotation replaces these together. */
export async function readLockedParts(folder: string): Promise<LockedParts> {
  const file = await rereadKeyringFile(folder);
  return {
    file,
    custodian: await readKeyringPart(folder, custodianFileOf(file.kind)),
    provider: await readKeyringPart(folder, keyringFiles.provider),
  };
}

/** See `Keyring.unlock`. `folder` is for messages. */
export async function openLockedParts(
  folder: string,
  { file, custodian, provider }: LockedParts,
  secrets: CustodianSecrets,
): Promise<HeldSecrets> {
  const custodianPath = join(folder, custodianFileOf(file.kind));
  const identity =
    file.kind === "small"
      ? clearIdentity(custodianPath, custodian, file)
      : await openIdentity(custodianPath, custodian, file, secrets);
  custodian.fill(0);
  const path = join(folder, keyringFiles.provider);
  const providerPem = openProvider(provider, identity, path);
  if (keyOf(providerPem) === providerKeyOf(file)) return { identity, providerPem };
  throw damaged(path, `it does not hold the provider's key that ${keyringFiles.keyring} names`);
}

/** Without the message of a parser, which may quote the key. */
function keyOf(providerPem: Uint8Array): string | undefined {
  try {
    return providerKeyOfPem(providerPem);
  } catch {
    return undefined;
  }
}

function clearIdentity(path: string, stored: Uint8Array, file: KeyringFile): Uint8Array {
  const identity = readIdentityFile(Buffer.from(stored).toString("latin1"));
  if (identity !== undefined && isOf(file, identity)) return identity;
  throw damaged(path, "it does not hold the custodian identity of this keyring");
}

/** With the custodian identity itself, or by opening `custodian.age`. */
async function openIdentity(
  path: string,
  stored: Uint8Array,
  file: KeyringFile,
  secrets: CustodianSecrets,
): Promise<Uint8Array> {
  for (const text of await nativeIdentities(secrets)) {
    const identity = decodeIdentity(text);
    if (identity !== undefined && isOf(file, identity)) return identity;
  }
  const sealed = withoutArmor(Buffer.from(stored).toString("latin1")) ?? stored;
  const opened = await openWith(sealed, secrets);
  if (opened === undefined) throw notOpened(path, sealed, file);
  const identity = readIdentityFile(Buffer.from(opened).toString("latin1"));
  opened.fill(0);
  if (identity !== undefined && isOf(file, identity)) return identity;
  throw damaged(path, "it does not hold the custodian identity of this keyring");
}

function isOf({ custodianRecipient }: KeyringFile, identity: Uint8Array): boolean {
  return encodeRecipient(recipientOf(identity)) === custodianRecipient;
}

function openProvider(sealed: Uint8Array, identity: Uint8Array, path: string): Uint8Array {
  try {
    return openForIdentity(sealed, identity);
  } catch (error) {
    if (error instanceof SealBrokenError) throw damaged(path, error.message, { cause: error });
    throw error;
  }
}

/** The types of stanzas that {@link openWith} can open. */
const nativeTypes: readonly string[] = ["X25519", "scrypt", "mlkem768x25519"];

function notOpened(path: string, sealed: Uint8Array, { people }: KeyringFile): UserError {
  const types = stanzaTypes(sealed);
  const forWhom = types.includes("scrypt")
    ? "a passphrase"
    : [...people, ...types.filter((type) => !nativeTypes.includes(type))].join(", ") || "others";
  return new UserError(
    `nothing that was given opens ${path}, which is for ${forWhom}. Give the identity file of one of them or the passphrase; whatever else the stock age accepts (ssh keys, plugins) opens it too: "age -d" with that key, its output in a file of mode 0600, and that file as identity`,
    exitCode.usage,
  );
}
