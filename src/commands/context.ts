import type { Command } from "commander";
import type { Config } from "../../config/config.ts";
import { loadConfig } from "../../config/load-config.ts";
import { parseInstant } from "../../config/parse-instant.ts";
import { keysDirectoryOf, stateDirectoryOf } from "../../config/state-directory.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { memoryDirectoriesOf } from "../memory-directories.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { openStore } from "../store/open-store.ts";
import type { View } from "../view.ts";
import { s3SettingsOf } from "./s3-settings-of.ts";

/** The options that every command has. */
export interface CommonOptions {
  readonly config?: string;
  readonly store?: string;
  readonly now?: string;
}

/** What a command acts with, and all that it may know of the process it runs in. */
export interface Context {
  readonly config: Config;
  /** The clock when the command began, or `--now`. */
  readonly nowMs: number;
  /** True when `--now` was given: what is then decided is a drill. */
  readonly nowIsArgument: boolean;
  /** The store of a root; the same one each time. */
  openRoot(root: View | "ledger" | "published"): Promise<ObjectStore>;
  /** An absolute path; the folder need not exist yet. */
  readonly stateDirectory: string;
  /** Where keyrings lie, each in a folder with its store's id. An absolute path; the folder need not exist yet. */
  readonly keysDirectory: string;
  /** Where sealed objects may be opened, in the order to try; absolute paths, and not all need be in memory. */
  readonly memoryDirectories: readonly string[];
  /** Of this machine, for records and messages. */
  readonly hostName: string;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  /** Aborted when the process is asked to end. */
  readonly signal: AbortSignal;
}

export type OpenContext = (options: CommonOptions) => Promise<Context>;

/** What the process was given from outside. Tests make their own. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  readonly homeDirectory: string;
  readonly hostName: string;
  readonly isSuperuser: boolean;
  /** ms since 1970. */
  readonly clock: () => number;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  readonly signal: AbortSignal;
}

export function addCommonOptions(command: Command): Command {
  return command
    .option(
      "--config <file>",
      "the config file (else $HOSTLOG_CONFIG, /etc/hostlog/hostlog.yaml, ./hostlog.yaml)",
    )
    .option("--store <url>", "the store, in place of the config's: file:///…, s3://bucket/prefix or a folder")
    .option("--now <instant>", "take this ISO 8601 instant for the clock: for drills and tests only");
}

/**
 * How commands get their context in these surroundings. The opened function throws UserError for a config,
 * a store or an instant that makes no sense. Each call reads the config and the clock anew; only the
 * warning about `--now` is given once.
 */
export function createOpenContext(surroundings: Surroundings): OpenContext {
  let hasWarned = false;
  return async (options) => {
    const { config } = await loadConfig(options, surroundings);
    const nowIsArgument = options.now !== undefined;
    if (nowIsArgument && !hasWarned) {
      hasWarned = true;
      surroundings.stderr.write(`warning: this is a drill: the clock is taken to be ${options.now}\n`);
    }
    return {
      config,
      nowMs: options.now === undefined ? surroundings.clock() : instantOf(options.now),
      nowIsArgument,
      openRoot: createOpenRoot(config),
      stateDirectory: stateDirectoryOf(config, surroundings),
      keysDirectory: keysDirectoryOf(config, surroundings),
      memoryDirectories: memoryDirectoriesOf(surroundings.environment),
      hostName: surroundings.hostName,
      stdout: surroundings.stdout,
      stderr: surroundings.stderr,
      signal: surroundings.signal,
    };
  };
}

function createOpenRoot(config: Config): Context["openRoot"] {
  const opened = new Map<string, Promise<ObjectStore>>();
  return (root) => {
    const store = opened.get(root) ?? openStore(config.roots[root], s3SettingsOf(root, config.s3));
    opened.set(root, store);
    return store;
  };
}

function instantOf(text: string): number {
  const instant = parseInstant(text);
  if (instant !== undefined) return instant;
  throw new UserError(
    `--now ${text} is no instant: write it as 2026-11-22T02:17:00Z or 2026-11-22`,
    exitCode.usage,
  );
}
