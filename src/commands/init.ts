import { Command, Option } from "commander";
import { checkSeal } from "../check-seal.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { counted } from "../keyring/counted.ts";
import type { CustodianWish, Keyring, KeysMade } from "../keyring/keyring.ts";
import type { SealMode } from "../seal/seal-mode.ts";
import { ensureStoreIdentity, readStoreIdentity, type StoreIdentity } from "../store-identity.ts";
import { terminalLines } from "../terminal-text.ts";
import { addCommonOptions, type CommonOptions, type Context, type OpenContext } from "./context.ts";
import {
  addNewCustodianOptions,
  collect,
  type NewCustodianOptions,
  readNewCustodian,
} from "./custodian-options.ts";
import { isUnlockable, type SecretOptions, unlockKeyring } from "./custodian-secrets.ts";
import { bringUpToDate, openOrCreate } from "./init-keyring.ts";
import { recordKeys } from "./key-ledger.ts";
import { keyringOf } from "./keyring-of.ts";
import { refuseMadeUpClock, stampOf } from "./keys-place.ts";
import { ensureKeys, type Publication } from "./publish-keys.ts";

interface InitOptions extends CommonOptions, NewCustodianOptions {
  readonly seal?: SealMode;
  readonly passphraseFile?: string;
  readonly identity: readonly string[];
}

const explanation = `
--small keeps the keys on this machine, for its user alone: who has a copy of the store has no keys to it, who has
this machine has both. --team wraps them for people: with --recipient age1… (repeatable) for each, else with a
passphrase. --seal none is for a store that other engines read raw from: its server guards it then, and no key.
Chosen once; running it again says what is there. Exit codes: 0 done or there already, 64 usage, 75 the store could
not be reached (run again), 78 the store or the config says otherwise.`;

/** `hostlog init`: a store's identity, and its first keys. */
export function initCommand(openContext: OpenContext): Command {
  const command = new Command("init").description(
    "make a store and the keys that its raw logs are sealed for",
  );
  addNewCustodianOptions(command)
    .option("--passphrase-file <file>", "with --team: a file with the passphrase in its first line")
    .option(
      "--identity <file>",
      "with --team --recipient: somebody's age identity file, to publish at once (repeatable)",
      collect,
      [],
    )
    .addOption(
      new Option("--seal <mode>", "age (default), or none for a store without keys").choices(["age", "none"]),
    )
    .addHelpText("after", explanation);
  return addCommonOptions(command).action(async (options: InitOptions) =>
    init(options, await openContext(options)),
  );
}

async function init(options: InitOptions, context: Context): Promise<void> {
  const mode = options.seal ?? context.config.seal ?? "age";
  if (mode === "none") return initUnsealed(options, context);
  if (context.config.seal === "none") {
    throw new UserError(
      "the config says seal: none, and --seal age something else: change the one or the other",
      exitCode.config,
    );
  }
  const found = await findKeyring(context);
  if (found !== undefined) return showFound(options, context, found);

  const custodian = await readNewCustodian(options, options.passphraseFile);
  const identity = await makeStore(context, mode);
  const keyring = await openOrCreate(context, identity.id, custodian);
  await finishKeyring(options, context, keyring, custodian);
}

async function findKeyring(context: Context): Promise<Keyring | undefined> {
  const identity = await readStoreIdentity(await context.openRoot("published"));
  if (identity === undefined) return undefined;
  refuseMadeUpClock(context, identity);
  return keyringOf(context, identity.id);
}

/** Throws UserError where the store is there and of the other mode. */
async function makeStore(context: Context, seal: SealMode): Promise<StoreIdentity> {
  const published = await context.openRoot("published");
  const identity = await ensureStoreIdentity(published, {
    at: stampOf(context).at,
    isDrill: context.nowIsArgument,
    seal,
  });
  refuseMadeUpClock(context, identity);
  checkSeal(seal, identity);
  return identity;
}

async function initUnsealed(options: InitOptions, context: Context): Promise<void> {
  if (options.small === true || options.team === true || options.recipient.length > 0) {
    throw new UserError(
      "a store with seal: none has no keys: leave --small, --team and --recipient out",
      exitCode.usage,
    );
  }
  const identity = await makeStore(context, "none");
  say(context, [
    `store      ${identity.id}, not sealed`,
    "Who may read raw/ reads full addresses: the permissions and the encryption of its server are all that guards it",
    "(s3.encryption in the config, hostlog setup s3). Destroying a day removes its objects, and no copy elsewhere.",
  ]);
}

/** Of a keyring that was just made, and of one that was half made when an earlier run was killed. */
async function finishKeyring(
  options: SecretOptions,
  context: Context,
  keyring: Keyring,
  custodian: CustodianWish | undefined,
): Promise<void> {
  const passphrase = custodian !== undefined && "passphrase" in custodian ? custodian.passphrase : undefined;
  if (!isUnlockable(keyring, options) && passphrase === undefined) {
    const made = await ensureKeys(context, keyring);
    await recordKeys(context, keyring, undefined);
    say(context, [...facts(keyring, made, undefined), "", ...nextSteps(keyring, false)]);
    return;
  }
  const unlocked =
    passphrase === undefined
      ? await unlockKeyring(keyring, options)
      : await keyring.unlock({ identities: [], passphrase });
  try {
    const { made, publication } = await bringUpToDate(context, unlocked);
    say(context, [...facts(keyring, made, publication), "", ...nextSteps(keyring, true)]);
  } finally {
    unlocked.close();
  }
}

/** A keyring of which nothing is published was half made when an earlier run ended. */
async function showFound(options: InitOptions, context: Context, keyring: Keyring): Promise<void> {
  refuseAnother(options, keyring);
  for await (const _ of (await context.openRoot("published")).list("recipients/")) {
    say(context, [
      ...facts(keyring, undefined, undefined),
      "Nothing was changed; hostlog keys list says more.",
    ]);
    return;
  }
  await finishKeyring(options, context, keyring, undefined);
}

function refuseAnother({ small, team, recipient }: InitOptions, keyring: Keyring): void {
  const isSmall = keyring.kind === "small";
  const isOther =
    (small === true && !isSmall) ||
    (team === true && isSmall) ||
    (recipient.length > 0 && [...recipient].sort().join() !== [...keyring.people].sort().join());
  if (!isOther) return;
  throw new UserError(
    `this store has another keyring already, ${keyring.kind}, in ${keyring.folder}; nothing was changed. "hostlog keys rotate --custodian" wraps it for others`,
    exitCode.usage,
  );
}

function facts(
  keyring: Keyring,
  made: KeysMade | undefined,
  publication: Publication | undefined,
): readonly string[] {
  const madeLines =
    made === undefined || made.made === 0
      ? ["keys       were there already"]
      : [`keys       ${counted(made.made, "key")} made, for days from ${made.firstDay} to ${made.lastDay}`];
  return [
    `store      ${keyring.storeId}, sealed`,
    `keyring    ${keyring.kind}, in ${keyring.folder}`,
    ...(keyring.kind === "small" ? [] : [`opened by  ${peopleOf(keyring)}`]),
    ...madeLines,
    ...(publication === undefined ? [] : [`published  generation ${publication.generation}`]),
  ];
}

function peopleOf({ people }: Keyring): string {
  return people.length === 0 ? "a passphrase" : people.join(", ");
}

function nextSteps(keyring: Keyring, isPublished: boolean): readonly string[] {
  const unlocking = keyring.kind === "small" ? "" : keyring.people.length === 0 ? "" : " --identity FILE";
  const recipient = keyring.people.length === 0 ? " --recipient age1…" : "";
  return [
    "What to do next:",
    ...(isPublished
      ? []
      : [
          `- hostlog keys publish${unlocking}`,
          "  No node can seal before; it shows too that somebody can open the keyring.",
        ]),
    `- hostlog keys export --to FILE${recipient}${unlocking}`,
    "  A copy for another place: without these keys nobody can read what is sealed for them.",
    "- in the config of each node, so that it takes no other provider's keys:",
    "  keys:",
    `    provider: ${keyring.providerKey}`,
  ];
}

function say({ stdout }: Context, lines: readonly string[]): void {
  stdout.write(terminalLines(`${lines.join("\n")}\n`));
}
