import { open } from "node:fs/promises";
import type { Command } from "commander";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { identityTextOf, withoutArmor } from "../keyring/identity-text.ts";
import type { CustodianSecrets, Keyring, UnlockedKeyring } from "../keyring/keyring.ts";
import { type AskSecret, askOnTerminal } from "./ask-secret.ts";

/** The options by which a person unlocks the keyring of a team. */
export interface SecretOptions {
  readonly identity: readonly string[];
  readonly passphraseFile?: string;
}

/** More than any identity file or passphrase: who names a log by mistake is told so. */
const SECRET_BYTES_MAX = 64 * 1024;

/** Of a passphrase that is chosen anew. Source: NIST SP 800-63B-4, section 3.1.1.2: 15 where nothing else guards. */
const PASSPHRASE_CHARACTERS_MIN = 15;

export function addSecretOptions(command: Command): Command {
  return command
    .option(
      "--identity <file>",
      "for a team's keyring: a person's age identity file, or what age -d printed of custodian.age (repeatable)",
      (value: string, previous: readonly string[]) => [...previous, value],
      [],
    )
    .option("--passphrase-file <file>", "for a team's keyring: a file with its passphrase in the first line");
}

/** True when the options alone can unlock it, without a question. */
export function isUnlockable(keyring: Keyring, { identity, passphraseFile }: SecretOptions): boolean {
  return keyring.kind === "small" || identity.length > 0 || passphraseFile !== undefined;
}

/**
 * Unlocks a keyring: a small one as it is, a team's with the files that the options name, else with a passphrase
 * that is asked for on the terminal. Throws UserError that says which options are missing, or whom it is for.
 */
export async function unlockKeyring(
  keyring: Keyring,
  options: SecretOptions,
  ask: AskSecret = askOnTerminal,
): Promise<UnlockedKeyring> {
  return keyring.unlock(await secretsFor(keyring, options, ask));
}

async function secretsFor(
  keyring: Keyring,
  options: SecretOptions,
  ask: AskSecret,
): Promise<CustodianSecrets> {
  if (keyring.kind === "small") return { identities: [], passphrase: undefined };
  const secrets = await readSecrets(options, ask);
  if (secrets.identities.length > 0 || secrets.passphrase !== undefined) return secrets;
  const passphrase = await ask(`passphrase of the keyring in ${keyring.folder}: `);
  if (passphrase !== undefined) return { identities: [], passphrase };
  throw new UserError(
    `the keyring in ${keyring.folder} is a team's, and this needs it unlocked: give --identity FILE or --passphrase-file FILE`,
    exitCode.usage,
  );
}

/** What the named files hold; the passphrase of an encrypted identity file is asked for where it is not among them. */
export async function readSecrets(
  { identity, passphraseFile }: SecretOptions,
  ask: AskSecret = askOnTerminal,
): Promise<CustodianSecrets> {
  const identities: string[] = [];
  for (const path of identity) identities.push(identityTextOf(await readSecretFile(path)));
  if (passphraseFile !== undefined) {
    return { identities, passphrase: await readPassphraseFile(passphraseFile) };
  }
  const isEncrypted = identities.some((text) => withoutArmor(text) !== undefined);
  return { identities, passphrase: isEncrypted ? await ask("passphrase of the identity file: ") : undefined };
}

/** The passphrase for a new wrapping: of the file, else asked for twice; undefined where nobody can be asked. */
export async function chooseNewPassphrase(
  passphraseFile: string | undefined,
  ask: AskSecret = askOnTerminal,
): Promise<string | undefined> {
  if (passphraseFile !== undefined) return longEnough(await readPassphraseFile(passphraseFile));
  const first = await ask("new passphrase: ");
  if (first === undefined) return undefined;
  const passphrase = longEnough(first);
  if ((await ask("the same again: ")) === passphrase) return passphrase;
  throw new UserError("the two passphrases differ; nothing was done, run it again", exitCode.usage);
}

function longEnough(passphrase: string): string {
  if (passphrase.length >= PASSPHRASE_CHARACTERS_MIN) return passphrase;
  throw new UserError(
    `the passphrase is shorter than ${PASSPHRASE_CHARACTERS_MIN} characters: whoever copies the keyring can try many of them; take several random words`,
    exitCode.usage,
  );
}

async function readPassphraseFile(path: string): Promise<string> {
  const [line = ""] = (await readSecretFile(path)).toString("utf8").split(/\r?\n/, 1);
  if (line !== "") return line;
  throw new UserError(`the first line of ${path} is empty: it must hold the passphrase`, exitCode.usage);
}

/** Throws UserError for a file that is not there, is too large, or that every user of this machine may read. */
async function readSecretFile(path: string): Promise<Buffer> {
  const handle = await openSecret(path);
  try {
    const status = await handle.stat();
    if (status.isFile() && (status.mode & 0o007) !== 0) {
      throw new UserError(
        `every user of this machine may read or write ${path}, which holds a secret: run chmod 600 ${path}`,
        exitCode.usage,
      );
    }
    const bytes = Buffer.alloc(SECRET_BYTES_MAX + 1);
    let length = 0;
    // A pipe gives its bytes piece by piece.
    for (;;) {
      const { bytesRead } = await handle.read(bytes, length, bytes.length - length, null);
      length += bytesRead;
      if (bytesRead === 0 || length === bytes.length) break;
    }
    if (length <= SECRET_BYTES_MAX) return bytes.subarray(0, length);
    throw new UserError(`${path} is too large to hold an identity or a passphrase`, exitCode.usage);
  } finally {
    await handle.close();
  }
}

async function openSecret(path: string): ReturnType<typeof open> {
  try {
    return await open(path, "r");
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // Somebody may have given the secret itself in place of a file: it must not get into a log by a message.
    const isThere = "code" in error && error.code !== "ENOENT" && error.code !== "ENAMETOOLONG";
    const what = isThere
      ? `${path} cannot be read`
      : "the file that should hold the identity or passphrase is not there";
    throw new UserError(`${what}: give the name of a file, never the secret itself`, exitCode.usage);
  }
}
