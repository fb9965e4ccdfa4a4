import { Command, Option } from "commander";
import { addCommonOptions, type OpenContext } from "./context.ts";
import { addNewCustodianOptions, collect } from "./custodian-options.ts";
import { addSecretOptions } from "./custodian-secrets.ts";
import { type DestroyOptions, destroyNamed } from "./keys-destroy.ts";
import { type ExportOptions, exportKeys, type GoneOptions, noteGone, showExports } from "./keys-export.ts";
import { type ListOptions, showKeys } from "./keys-list.ts";
import { type MakeOptions, makeKeys, publishAll } from "./keys-make.ts";
import { type RestoreOptions, restoreKeys } from "./keys-restore.ts";
import { type RotateOptions, rotateKeys } from "./keys-rotate.ts";
import { type VerifyOptions, verifyKeys } from "./keys-verify.ts";

const exitCodes = `
Exit codes: 0 done, 2 done and something is alarming (see the lines with !), 3 a key is lost or wrong, 64 usage,
75 try again: a store, a lock or the ledger was not available, 78 no keyring here, or the config is wrong.`;

/** `hostlog keys`: what is done to the keys of a store. Each is recorded in the ledger. */
export function keysCommand(openContext: OpenContext): Command {
  const keys = new Command("keys")
    .description("look at, make, publish, check, replace, destroy and copy the keys of a store")
    .addHelpText("after", exitCodes);
  addLooking(keys, openContext);
  addMaking(keys, openContext);
  addDestroying(keys, openContext);
  addCopying(keys, openContext);
  return keys;
}

function addLooking(keys: Command, openContext: OpenContext): void {
  addCommonOptions(keys.command("list"))
    .description("show which keys there are, and what somebody has to see to; changes nothing")
    .addOption(outputOption())
    .action(async (options: ListOptions) => showKeys(await openContext(options), options));
  addSecretOptions(addCommonOptions(keys.command("verify")))
    .description("see that every key is there and right, and that every day with objects has one; monthly")
    .option("--read", "open the header of every sealed object too")
    .action(async (options: VerifyOptions) => verifyKeys(await openContext(options), options));
}

function addMaking(keys: Command, openContext: OpenContext): void {
  addSecretOptions(addCommonOptions(keys.command("ensure")))
    .description(
      "make the keys that are missing, for the terms of the config and 400 days ahead, and publish them",
    )
    .action(async (options: MakeOptions) => makeKeys(await openContext(options), options));
  addSecretOptions(addCommonOptions(keys.command("publish")))
    .description("sign and publish the public halves, for nodes to seal for")
    .action(async (options: MakeOptions) => publishAll(await openContext(options), options));
  addSecretOptions(addCommonOptions(keys.command("rotate")))
    .description(
      "replace the custodian identity, for whom all keys are wrapped, or the provider's signing key",
    )
    .option("--custodian", "a new custodian identity; keys and sealed objects stay")
    .option("--provider", "a new signing key, signed by the one before")
    .option(
      "--recipient <recipient>",
      "with --custodian: who can open it from now on (repeatable)",
      collect,
      [],
    )
    .option("--new-passphrase-file <file>", "with --custodian: the passphrase that opens it from now on")
    .action(async (options: RotateOptions) => rotateKeys(await openContext(options), options));
}

function addDestroying(keys: Command, openContext: OpenContext): void {
  addSecretOptions(addCommonOptions(keys.command("destroy")))
    .description(
      "destroy keys, so that no copy of what is sealed for them can be opened; without --yes, show which",
    )
    .option(
      "--day <day>",
      "the keys of this UTC day; early, if it is not past its term: then it never comes back",
    )
    .option("--due", "the keys of all days past their term by the config; needs no --yes")
    .addOption(new Option("--view <view>", "of this view only").choices(["raw", "quarantine"]))
    .option("--class <class>", "of this retention class only")
    .option("--days <count>", "that so many days are meant, where it is more than 31")
    .option("--yes", "destroy them")
    .option("--dry-run", "with --due: show which and stop there")
    .action(async (options: DestroyOptions) => destroyNamed(await openContext(options), options));
}

function addCopying(keys: Command, openContext: OpenContext): void {
  addSecretOptions(addCommonOptions(keys.command("export")))
    .description(
      "write all private keys into one sealed file, for a place elsewhere; monthly, in place of the last",
    )
    .requiredOption("--to <file>", "a file that is not there yet")
    .option(
      "--recipient <recipient>",
      "who can open it (repeatable; default: who can open the keyring)",
      collect,
      [],
    )
    .action(async (options: ExportOptions) => exportKeys(await openContext(options), options));
  addCommonOptions(keys.command("exports"))
    .description("show which exports were made, and which of them are gone")
    .addOption(outputOption())
    .action(async (options: ListOptions) => showExports(await openContext(options), options));
  addCommonOptions(keys.command("gone"))
    .description("note that an export and every copy of it was destroyed")
    .argument("<number>", "the export's")
    .requiredOption("--reason <text>", "how you know")
    .action(async (number: string, options: GoneOptions) =>
      noteGone(await openContext(options), number, options),
    );
  addNewCustodianOptions(addCommonOptions(keys.command("restore")))
    .description("make the keyring of a store from an export; keys destroyed since stay destroyed")
    .argument("<file>", "the export")
    .option("--identity <file>", "an age identity file that opens the export (repeatable)", collect, [])
    .option("--passphrase-file <file>", "a file with the passphrase that opens the export")
    .option("--new-passphrase-file <file>", "with --team: the keyring's passphrase, when it is to have one")
    .action(async (file: string, options: RestoreOptions) =>
      restoreKeys(await openContext(options), file, options),
    );
}

function outputOption(): Option {
  return new Option("--output <form>", "by default a table on a terminal, else JSON").choices([
    "table",
    "json",
  ]);
}
