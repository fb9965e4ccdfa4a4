import { Command, Option } from "commander";
import { addCommonOptions, type CommonOptions, type OpenContext } from "./context.ts";
import { collect } from "./custodian-options.ts";
import { makeCheckpoint } from "./ledger-checkpoint.ts";
import { copyLedger } from "./ledger-copy.ts";
import { type AcceptOptions, acceptKey, showKey, type TakeoverOptions, takeOver } from "./ledger-keys.ts";
import { type VerifyOptions, verifyChains } from "./ledger-verify.ts";

const exitCodes = `
Exit codes: 0 done, and all is as recorded; 2 a person has to judge a key, see what is said; 3 the ledger is not what was
recorded: something was changed, removed, put in or cut off; 64 usage; 75 try again: the store was not available;
78 this machine may not write the control chain, or the config is wrong.`;

/** `hostlog ledger`: who may write what is recorded, where it stands, and whether it is what was written. */
export function ledgerCommand(openContext: OpenContext): Command {
  const ledger = new Command("ledger")
    .description("who may write the ledger, where it stands, and whether it is what was written")
    .addHelpText("after", exitCodes);
  addKeys(ledger, openContext);
  addLooking(ledger, openContext);
  return ledger;
}

function addKeys(ledger: Command, openContext: OpenContext): void {
  addCommonOptions(ledger.command("key"))
    .description("print this machine's public key, with which it signs what it records; made if need be")
    .action(async (options: CommonOptions) => showKey(await openContext(options)));
  addCommonOptions(ledger.command("accept"))
    .description(
      "let another machine write: destroy, plan and take keys into account, or only ship as a node",
    )
    .argument("<key>", "as hostlog ledger key shows it there")
    .requiredOption("--name <name>", "whose it is, for people")
    .option("--chain <node>", "of this node's chain only: a node that was installed anew")
    .option("--reason <text>", "how you know")
    .action(async (key: string, options: AcceptOptions) =>
      acceptKey(await openContext(options), key, options),
    );
  addCommonOptions(ledger.command("takeover"))
    .description("go on with this machine's key when every accepted one is lost")
    .requiredOption("--reason <text>", "what became of them")
    .action(async (options: TakeoverOptions) => takeOver(await openContext(options), options));
}

function addLooking(ledger: Command, openContext: OpenContext): void {
  addCommonOptions(ledger.command("checkpoint"))
    .description("record where every chain stands, and print what to note elsewhere; hourly")
    .action(async (options: CommonOptions) => makeCheckpoint(await openContext(options)));
  addCommonOptions(ledger.command("verify"))
    .description("read every record, and see that none was changed, removed, moved, put in or cut off")
    .option(
      "--head <sequence:sha256>",
      "a checkpoint that was noted elsewhere: nothing before it was cut off",
    )
    .option(
      "--key <key>",
      "a key that has to have begun the ledger or taken it over (repeatable; default: ledger.keys)",
      collect,
      [],
    )
    .addOption(new Option("--output <form>", "text or json").choices(["text", "json"]).default("text"))
    .action(async (options: VerifyOptions) => verifyChains(await openContext(options), options));
  addCommonOptions(ledger.command("copy"))
    .description("copy what is new of the ledger into a folder, to keep elsewhere and to verify there")
    .argument("<folder>", "made if need be; nothing in it is ever replaced")
    .action(async (folder: string, options: CommonOptions) => copyLedger(await openContext(options), folder));
}
