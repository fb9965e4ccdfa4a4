import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { UserError } from "../src/errors.ts";
import { exitCode } from "../src/exit-code.ts";
import type { Config } from "./config.ts";
import { formatProblem } from "./config-problem.ts";
import { nodeNameOf } from "./node-name.ts";
import { parseConfig } from "./parse-config.ts";
import { parseStoreUrl } from "./store-url.ts";

export interface LoadedConfig {
  readonly config: Config;
  /** The file it was read from; undefined for the defaults that are built in. */
  readonly file: string | undefined;
}

/** What {@link loadConfig} must know of the process. */
export interface ConfigSurroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  readonly hostName: string;
}

const SYSTEM_FILE = "/etc/hostlog/hostlog.yaml";

/**
 * Reads the config: the file of `--config`, else of $HOSTLOG_CONFIG, else /etc/hostlog/hostlog.yaml, else
 * hostlog.yaml in the working directory, else the built-in defaults. A file that is named must be there, and
 * one that is there must be readable. Throws {@link UserError} with every problem on a line of its own.
 */
export async function loadConfig(
  options: { readonly config?: string; readonly store?: string },
  surroundings: ConfigSurroundings,
): Promise<LoadedConfig> {
  const store =
    options.store === undefined ? undefined : storeOf(options.store, surroundings.workingDirectory);
  const found = await findFile(options.config, surroundings);
  if (found === undefined && store === undefined) throw noStore();
  const parsed = parseConfig(found?.text ?? "", { node: nodeNameOf(surroundings.hostName), store });
  if (parsed.kind === "config") return { config: parsed.config, file: found?.file };
  const file = found?.file ?? "built-in defaults";
  const lines = parsed.problems.map((problem) => formatProblem(file, problem));
  const count = lines.length === 1 ? "a problem" : `${lines.length} problems`;
  throw new UserError(`the config has ${count}; nothing was done\n${lines.join("\n")}`, exitCode.config);
}

interface FoundFile {
  readonly file: string;
  readonly text: string;
}

async function findFile(
  option: string | undefined,
  { environment, workingDirectory }: ConfigSurroundings,
): Promise<FoundFile | undefined> {
  const named = option ?? (environment["HOSTLOG_CONFIG"] || undefined);
  if (named !== undefined) {
    const file = resolve(workingDirectory, named);
    const text = await readIfThere(file);
    if (text !== undefined) return { file, text };
    const where = option === undefined ? "which $HOSTLOG_CONFIG names" : "which --config names";
    throw new UserError(
      `there is no file ${file}, ${where}; give the path of a config file`,
      exitCode.config,
    );
  }
  for (const file of [SYSTEM_FILE, join(workingDirectory, "hostlog.yaml")]) {
    const text = await readIfThere(file);
    if (text !== undefined) return { file, text };
  }
  return undefined;
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await readFile(file));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const code = "code" in error ? String(error.code) : "";
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new UserError(
      `${file} cannot be read (${code}); make it a file in UTF-8 that this user may read`,
      exitCode.config,
      { cause: error },
    );
  }
}

function storeOf(text: string, workingDirectory: string): string {
  const parsed = parseStoreUrl(text, workingDirectory);
  if (parsed.kind === "url") return parsed.url;
  throw new UserError(`--store: ${parsed.message}`, exitCode.usage);
}

function noStore(): UserError {
  return new UserError(
    `no store is named and no config was found: give --store file:///srv/hostlog (or s3://bucket/prefix), or write it as store: into ${SYSTEM_FILE}`,
    exitCode.usage,
  );
}
