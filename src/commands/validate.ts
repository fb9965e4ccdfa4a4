import { Command } from "commander";
import type { Config } from "../../config/config.ts";
import { loadConfig } from "../../config/load-config.ts";
import { keysDirectoryOf, stateDirectoryOf } from "../../config/state-directory.ts";
import { formatTerm } from "../term.ts";
import type { Surroundings } from "./context.ts";

/** `hostlog validate`: what the config means, or everything that is wrong with it. Opens no store. */
export function validateCommand(surroundings: Surroundings): Command {
  return new Command("validate")
    .description("check the config and say what it means (exit code 78: it is wrong)")
    .option(
      "--config <file>",
      "the config file (else $HOSTLOG_CONFIG, /etc/hostlog/hostlog.yaml, ./hostlog.yaml)",
    )
    .option("--store <url>", "the store, in place of the config's")
    .action(async (options: { config?: string; store?: string }) => {
      const { config, file } = await loadConfig(options, surroundings);
      const places = {
        file,
        stateDirectory: stateDirectoryOf(config, surroundings),
        keysDirectory: keysDirectoryOf(config, surroundings),
      };
      surroundings.stdout.write(describeConfig(config, places));
    });
}

interface Places {
  /** Undefined when no config file was found. */
  readonly file: string | undefined;
  readonly stateDirectory: string;
  readonly keysDirectory: string;
}

function describeConfig(config: Config, { file, stateDirectory, keysDirectory }: Places): string {
  const domains = Object.keys(config.classOfDomain).length;
  const lines = [
    `config      ${file ?? "built-in defaults: no file was found"}`,
    `node        ${config.node}`,
    ...Object.entries(config.roots).map(([root, url]) => `${root.padEnd(12)}${url}`),
    `state       ${stateDirectory}`,
    ...describeSealing(config, keysDirectory),
    `format      ${config.ingest.format}`,
    ...Object.entries(config.classes).map(
      ([name, { raw, analytics }]) =>
        `class       ${name}: raw ${formatTerm(raw)}, analytics ${formatTerm(analytics)}`,
    ),
    `quarantine  ${formatTerm(config.quarantineTerm)}`,
    `domains     ${domains} named, all others are standard`,
    `retention   ${config.retentionSchedule} (UTC)`,
  ];
  return `${lines.join("\n")}\n`;
}

/** Of a store that is not sealed there are no keys to speak of. */
function describeSealing({ seal, keys, custodian }: Config, keysDirectory: string): readonly string[] {
  if (seal === "none") return ["seal        none"];
  return [
    `seal        ${seal ?? "age for a new store; others stay as they are"}`,
    `keys        ${keysDirectory}`,
    `provider    ${keys.providerKey ?? "the first key that this machine sees, or its keyring's"}`,
    `custodian   ${custodian?.url ?? "the keyring on this machine, if there is one"}`,
  ];
}
