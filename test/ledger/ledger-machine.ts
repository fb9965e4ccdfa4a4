import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Writable } from "node:stream";
import type { Command } from "commander";
import { createOpenContext } from "../../src/commands/context.ts";
import { keysCommand } from "../../src/commands/keys.ts";
import { ledgerCommand } from "../../src/commands/ledger.ts";
import { UserError } from "../../src/errors.ts";
import type { KeysWorld, Ran } from "../keys/support/keys-world.ts";
import { runCommand } from "../support/command-world.ts";

/** A machine that works on the store of a world, with a state of its own and so with a key of its own. */
export interface LedgerMachine {
  /** Where its own key lies. */
  readonly state: string;
  readonly keysFolder: string;
  ledger(...words: readonly string[]): Promise<Ran>;
  keys(...words: readonly string[]): Promise<Ran>;
}

/** `web-1` is the one that made the store. `pinned`: what its config says of who writes the ledger. */
export async function ledgerMachine(
  { folder, surroundings }: Pick<KeysWorld, "folder" | "surroundings">,
  name: string,
  pinned: readonly string[] = [],
): Promise<LedgerMachine> {
  const isMaker = name === "web-1";
  const state = isMaker ? join(folder, "store", "state") : join(folder, `state-${name}`);
  const keysFolder = isMaker ? join(folder, "keys") : join(folder, `keys-${name}`);
  const config = join(folder, `${name}.yaml`);
  const lines = [
    `store: file://${folder}/store`,
    `state: ${state}`,
    "classes: { standard: 1d }",
    "quarantine: { term: 1d }",
    ...(pinned.length === 0 ? [] : [`ledger: { keys: [${pinned.map((key) => `"${key}"`).join()}] }`]),
  ];
  await writeFile(config, `${lines.join("\n")}\n`);
  const [stdout, stderr] = [collect(), collect()];
  const openContext = createOpenContext({
    ...surroundings,
    environment: { HOSTLOG_KEYS: keysFolder, HOSTLOG_CONFIG: config },
    hostName: name,
    stdout: stdout.stream,
    stderr: stderr.stream,
  });
  const run = async (command: Command, words: readonly string[]): Promise<Ran> => {
    let error: UserError | undefined;
    try {
      await runCommand(command, ...words);
    } catch (thrown) {
      if (!(thrown instanceof UserError)) throw thrown;
      error = thrown;
    }
    return { stdout: stdout.take(), stderr: stderr.take(), error };
  };
  return {
    state,
    keysFolder,
    ledger: (...words) => run(ledgerCommand(openContext), words),
    keys: (...words) => run(keysCommand(openContext), words),
  };
}

export async function keyOf(machine: LedgerMachine): Promise<string> {
  return (await machine.ledger("key")).stdout.trim();
}

function collect(): { readonly stream: Writable; readonly take: () => string } {
  let text = "";
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  return {
    stream,
    take: () => {
      const taken = text;
      text = "";
      return taken;
    },
  };
}
