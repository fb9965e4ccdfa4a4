import type { Command } from "commander";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import type { CustodianWish } from "../keyring/keyring.ts";
import { chooseNewPassphrase } from "./custodian-secrets.ts";

/** How a new keyring is to keep its secret. */
export interface NewCustodianOptions {
  readonly small?: boolean;
  readonly team?: boolean;
  readonly recipient: readonly string[];
}

export function addNewCustodianOptions(command: Command): Command {
  return command
    .option("--small", "keep the keys on this machine, for its user alone")
    .option("--team", "keep them wrapped for people: --recipient, else a passphrase")
    .option("--recipient <recipient>", "with --team: who can open them, age1… (repeatable)", collect, []);
}

/** Asks for a passphrase on the terminal where neither is given. Throws UserError for a choice that is none. */
export async function readNewCustodian(
  { small, team, recipient }: NewCustodianOptions,
  passphraseFile: string | undefined,
): Promise<CustodianWish> {
  if ((small === true) === (team === true)) {
    throw mistake(
      "say who is to hold the keys: --small for this machine, or --team for people (--recipient age1…, or a passphrase)",
    );
  }
  if (small === true) {
    if (recipient.length === 0 && passphraseFile === undefined) return { kind: "small" };
    throw mistake("--recipient and a passphrase go with --team");
  }
  if (recipient.length > 0) {
    if (passphraseFile === undefined) return { kind: "team", recipients: recipient };
    throw mistake("age seals for recipients or for a passphrase, not for both: leave one out");
  }
  const passphrase = await chooseNewPassphrase(passphraseFile);
  if (passphrase !== undefined) return { kind: "team", passphrase };
  throw mistake(
    "--team needs --recipient age1… for each person, or a passphrase (in a file, or typed on a terminal)",
  );
}

export function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

function mistake(message: string): UserError {
  return new UserError(message, exitCode.usage);
}
