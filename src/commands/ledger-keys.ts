import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { appendRecord } from "../ledger/chain.ts";
import { readControl } from "../ledger/read-control.ts";
import { isSigningKey } from "../ledger/record-signer.ts";
import { CHECKPOINT_CHAIN, CONTROL_CHAIN, isNodeName } from "../partition.ts";
import { terminalLines } from "../terminal-text.ts";
import type { CommonOptions, Context } from "./context.ts";
import { stampOf } from "./keys-place.ts";
import { controlPlaceOf, machineKeyOf, openControl } from "./ledger-writer.ts";

export interface AcceptOptions extends CommonOptions {
  readonly name: string;
  readonly chain?: string;
  readonly reason?: string;
}

export interface TakeoverOptions extends CommonOptions {
  readonly reason: string;
}

/** `ledger key`: on a line of its own, for a script. */
export async function showKey(context: Context): Promise<void> {
  context.stdout.write(`${await machineKeyOf(context)}\n`);
}

/** `ledger accept`. */
export async function acceptKey(context: Context, key: string, options: AcceptOptions): Promise<void> {
  const { name, reason } = options;
  const chain = options.chain ?? CONTROL_CHAIN;
  if (!isSigningKey(key)) {
    throw mistake("a key is ed25519: and 44 characters: copy it from what hostlog ledger key shows there");
  }
  if (chain !== CONTROL_CHAIN && chain !== CHECKPOINT_CHAIN && !isNodeName(chain)) {
    throw mistake(`--chain names a node, as its records do; "${chain}" is no node's name`);
  }
  if (name.trim() === "") throw mistake("--name says, for people, whose key it is");
  const control = await openControl(context);
  const where = describeChain(chain);
  if (control.writers.accepts(chain, key)) {
    say(context, [`${key} is accepted for ${where} already; nothing was recorded`]);
    return;
  }
  const said = reason === undefined ? {} : { reason };
  const body = { kind: "writer-accepted", ...stampOf(context), chain, key, name, how: "accepted" } as const;
  const { sequence } = await appendRecord(control, CONTROL_CHAIN, { ...body, ...said }, control);
  say(context, [`${key} (${name}) is accepted for ${where}, by record ${sequence} of the control chain`]);
}

function describeChain(chain: string): string {
  return chain === CONTROL_CHAIN ? "every chain" : `chain ${chain}`;
}

/** `ledger takeover`. */
export async function takeOver(context: Context, { reason }: TakeoverOptions): Promise<void> {
  if (reason.trim() === "") throw mistake("--reason says why no accepted key is left");
  const place = await controlPlaceOf(context);
  const { key, storeId } = place.signer;
  // No key is asked for but this one: those that are pinned may all be lost.
  const { head, writers } = await readControl(place.ledger, [], { storeId, ownKey: key });
  if (writers.root === undefined) {
    throw mistake(
      `nobody has signed the control chain of ${place.ledger.url} yet: the first command that records something there is accepted by itself`,
    );
  }
  if (writers.accepts(CONTROL_CHAIN, key)) {
    throw mistake(`this machine's key, ${key}, is accepted already: there is nothing to take over`);
  }
  const { sequence } = await appendRecord(
    place,
    CONTROL_CHAIN,
    {
      kind: "writer-accepted",
      ...stampOf(context),
      chain: CONTROL_CHAIN,
      key,
      name: context.hostName,
      how: "takeover",
      reason,
    },
    { head },
  );
  say(context, [
    `record ${sequence} of the control chain: this machine has taken over, with the key`,
    `  ${key}`,
    "Nobody believes that yet but this machine: whoever can write to the store can write such a record.",
    "Put the key into the config of every machine that reads the ledger, this one too:",
    "  ledger:",
    "    keys:",
    `      - ${key}`,
    "Then accept the other machines' keys again (hostlog ledger accept), and write a checkpoint to pin elsewhere",
    "(hostlog ledger checkpoint).",
  ]);
}

function say({ stdout }: Context, lines: readonly string[]): void {
  stdout.write(terminalLines(`${lines.join("\n")}\n`));
}

function mistake(message: string): UserError {
  return new UserError(message, exitCode.usage);
}
