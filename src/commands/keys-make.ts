import { counted } from "../keyring/counted.ts";
import type { KeysMade } from "../keyring/keyring.ts";
import { terminalLines } from "../terminal-text.ts";
import type { CommonOptions, Context } from "./context.ts";
import { isUnlockable, type SecretOptions, unlockKeyring } from "./custodian-secrets.ts";
import { bringUpToDate } from "./init-keyring.ts";
import { recordKeys } from "./key-ledger.ts";
import { openKeysPlace, refuseMadeUpClock } from "./keys-place.ts";
import { refuseUnacceptedWriter } from "./ledger-writer.ts";
import { ensureKeys, type Publication, publishKeys } from "./publish-keys.ts";

export interface MakeOptions extends CommonOptions, SecretOptions {}

/** `keys ensure`. Making needs no secret, publishing does: a team's keyring is published only when one is given. */
export async function makeKeys(context: Context, options: MakeOptions): Promise<void> {
  const { identity, keyring } = await openKeysPlace(context);
  refuseMadeUpClock(context, identity);
  await refuseUnacceptedWriter(context);
  if (!isUnlockable(keyring, options)) {
    const made = await ensureKeys(context, keyring);
    await recordKeys(context, keyring, undefined);
    const rest =
      made.made === 0
        ? []
        : [
            "not published: nodes seal for them after hostlog keys publish, which signs and so needs --identity FILE or --passphrase-file FILE",
          ];
    say(context, [describeMade(made), ...rest]);
    return;
  }
  const unlocked = await unlockKeyring(keyring, options);
  try {
    const { made, publication } = await bringUpToDate(context, unlocked);
    say(context, [describeMade(made), describePublication(publication)]);
  } finally {
    unlocked.close();
  }
}

/** `keys publish`. */
export async function publishAll(context: Context, options: MakeOptions): Promise<void> {
  const { identity, keyring } = await openKeysPlace(context);
  refuseMadeUpClock(context, identity);
  await refuseUnacceptedWriter(context);
  const unlocked = await unlockKeyring(keyring, options);
  try {
    const publication = await publishKeys(context, unlocked);
    await recordKeys(context, keyring, publication);
    say(context, [describePublication(publication)]);
  } finally {
    unlocked.close();
  }
}

function describeMade({ made, firstDay, lastDay }: KeysMade): string {
  return made === 0
    ? "no key was missing"
    : `${counted(made, "key")} made, for days from ${firstDay} to ${lastDay}`;
}

export function describePublication({ generation, lastDay, isNew }: Publication): string {
  return isNew
    ? `generation ${generation} is published, with recipients up to ${lastDay}`
    : `generation ${generation} on the store is up to date, with recipients up to ${lastDay}`;
}

export function say({ stdout }: Context, lines: readonly string[]): void {
  stdout.write(terminalLines(`${lines.join("\n")}\n`));
}
