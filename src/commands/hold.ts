import { Command, Option } from "commander";
import { HOLD_DAYS_MAX } from "../holds/hold-state.ts";
import { addCommonOptions, type OpenContext } from "./context.ts";
import { collect } from "./custodian-options.ts";
import { addSecretOptions } from "./custodian-secrets.ts";
import { liftHold, type ReasonOptions, type RenewOptions, renewHold } from "./hold-change.ts";
import { type CopyOptions, copyHolds } from "./hold-copy.ts";
import { type ListOptions, listHolds } from "./hold-list.ts";
import { type AddOptions, addHold } from "./hold-place.ts";

const exitCodes = `
Exit codes: 0 done, 2 done, and some rows in the hold's days could not be looked through (said above), 3 an object or
the ledger is damaged, or a key is lost, 64 usage, 75 try again, 78 no keyring here, or the config is wrong.`;

const addHelp = `
Rows of these days that fit one of the domains and one of the addresses, where there are any, are copied at once, and
stay when their day is destroyed. --domain example.org or *.example.org; --address an address or a network, also found
in lists such as "192.0.2.1, 192.0.2.2". Case and basis stand in the ledger for good: no name of a person.
Domains and addresses are sealed; nobody can read them once the hold has ended.
${exitCodes}`;

/** `hostlog hold`: rows that have to outlast their term, for a case. */
export function holdCommand(openContext: OpenContext): Command {
  const hold = new Command("hold")
    .description("keep rows past their term, for a case: copies, sealed apart, until the hold ends")
    .addHelpText("after", exitCodes);
  addPlacing(hold, openContext);
  addSecretOptions(addCommonOptions(hold.command("list")))
    .description("show the holds; what they are for, to who can open it")
    .addOption(
      new Option("--output <form>", "by default a table on a terminal, else JSON").choices(["table", "json"]),
    )
    .option("--all", "those that have ended too")
    .action(async (options: ListOptions) => listHolds(await openContext(options), options));
  addChanging(hold, openContext);
  return hold;
}

function addPlacing(hold: Command, openContext: OpenContext): void {
  addSecretOptions(addCommonOptions(hold.command("add")))
    .description("place a hold, and copy its rows")
    .requiredOption("--case <text>", "the file number of the case")
    .requiredOption("--basis <text>", "by what law or order the rows are kept")
    .requiredOption("--days <from..to>", "the UTC days of the rows: 2026-11-01..2026-11-03, or one day")
    .option("--domain <name>", "site, or *.name (repeatable)", collect, [])
    .option("--address <address>", "client's address or network (repeatable)", collect, [])
    .option("--until <day>", `the last day of the hold, at most ${HOLD_DAYS_MAX} days ahead (default)`)
    .addHelpText("after", addHelp)
    .action(async (options: AddOptions) => addHold(await openContext(options), options));
  addSecretOptions(addCommonOptions(hold.command("copy")))
    .description("copy the rows that came since, of one hold or of all; daily, before retention runs")
    .argument("[id]", "the hold's")
    .action(async (id: string | undefined, options: CopyOptions) =>
      copyHolds(await openContext(options), id, options),
    );
}

function addChanging(hold: Command, openContext: OpenContext): void {
  addSecretOptions(addCommonOptions(hold.command("renew")))
    .description("let a hold end later, and copy the rows that came since")
    .argument("<id>", "the hold's")
    .requiredOption("--until <day>", `the last day from now on, at most ${HOLD_DAYS_MAX} days ahead`)
    .requiredOption("--reason <text>", "why the case goes on; no name of a person")
    .action(async (id: string, options: RenewOptions) => renewHold(await openContext(options), id, options));
  addCommonOptions(hold.command("lift"))
    .description("end a hold; its copies are destroyed by retention")
    .argument("<id>", "the hold's")
    .requiredOption("--reason <text>", "why it is over; no name of a person")
    .action(async (id: string, options: ReasonOptions) => liftHold(await openContext(options), id, options));
}
