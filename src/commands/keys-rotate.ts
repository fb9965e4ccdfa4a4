import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import type { CustodianWish, Keyring, RotationWish, UnlockedKeyring } from "../keyring/keyring.ts";
import type { CommonOptions, Context } from "./context.ts";
import { chooseNewPassphrase, type SecretOptions, unlockKeyring } from "./custodian-secrets.ts";
import { noteBeforeRotation, recordKeys } from "./key-ledger.ts";
import { describePublication, say } from "./keys-make.ts";
import { openKeysPlace, refuseMadeUpClock } from "./keys-place.ts";
import { refuseUnacceptedWriter } from "./ledger-writer.ts";
import { publishKeys } from "./publish-keys.ts";

export interface RotateOptions extends CommonOptions, SecretOptions {
  readonly custodian?: boolean;
  readonly provider?: boolean;
  readonly recipient: readonly string[];
  readonly newPassphraseFile?: string;
}

/** `keys rotate --custodian | --provider`. A new provider key is published at once. */
export async function rotateKeys(context: Context, options: RotateOptions): Promise<void> {
  if ((options.custodian === true) === (options.provider === true)) {
    throw mistake("say what is to be replaced: --custodian or --provider");
  }
  if (
    options.provider === true &&
    (options.recipient.length > 0 || options.newPassphraseFile !== undefined)
  ) {
    throw mistake("--recipient and --new-passphrase-file go with --custodian");
  }
  const { identity, keyring } = await openKeysPlace(context);
  refuseMadeUpClock(context, identity);
  await refuseUnacceptedWriter(context);
  const unlocked = await unlockKeyring(keyring, options);
  try {
    const wish = await wishOf(options, keyring);
    // What an earlier command left unrecorded: after this rotation nobody could tell.
    await recordKeys(context, keyring, undefined);
    if (wish.what === "custodian") await noteBeforeRotation(context, keyring);
    const rotated = await unlocked.rotate(wish);
    try {
      say(context, await finish(context, wish, rotated));
    } finally {
      rotated.close();
    }
  } finally {
    unlocked.close();
  }
}

async function finish(
  context: Context,
  { what }: RotationWish,
  rotated: UnlockedKeyring,
): Promise<readonly string[]> {
  const { keyring } = rotated;
  const publication = what === "provider" ? await publishKeys(context, rotated) : undefined;
  await recordKeys(context, keyring, publication);
  if (publication === undefined) {
    return [
      `the keys are wrapped for a new custodian identity, ${keyring.custodianRecipient}`,
      "the old one is destroyed here; copies of this folder that were made before still hold it",
    ];
  }
  return [
    `the provider's key is now ${keyring.providerKey}, signed by the one before`,
    describePublication(publication),
    "nodes follow by themselves; put the new key into their configs all the same (keys.provider)",
  ];
}

async function wishOf(options: RotateOptions, keyring: Keyring): Promise<RotationWish> {
  if (options.provider === true) return { what: "provider" };
  return { what: "custodian", custodian: await newCustodian(options, keyring) };
}

/** A small keyring stays small, and a team's stays for the same people, unless the options say otherwise. */
async function newCustodian(options: RotateOptions, { kind, people }: Keyring): Promise<CustodianWish> {
  const { recipient, newPassphraseFile } = options;
  if (recipient.length > 0) {
    if (newPassphraseFile === undefined) return { kind: "team", recipients: recipient };
    throw mistake("age seals for recipients or for a passphrase, not for both: leave one out");
  }
  if (newPassphraseFile === undefined) {
    if (kind === "small") return { kind: "small" };
    if (people.length > 0) return { kind: "team", recipients: people };
  }
  const passphrase = await chooseNewPassphrase(newPassphraseFile);
  if (passphrase !== undefined) return { kind: "team", passphrase };
  throw mistake(
    "this keyring has a passphrase: say what the new one is, with --new-passphrase-file FILE, or name people with --recipient",
  );
}

function mistake(message: string): UserError {
  return new UserError(message, exitCode.usage);
}
