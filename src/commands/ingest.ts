import { stat } from "node:fs/promises";
import { join } from "node:path";
import { addAbortSignal } from "node:stream";
import { Command, Option } from "commander";
import { glob } from "tinyglobby";
import { countMatches } from "../../ingest/format/count-matches.ts";
import { detectFormat } from "../../ingest/format/detect-format.ts";
import { createMixedFormat } from "../../ingest/format/mixed-format.ts";
import { presets } from "../../ingest/format/presets.ts";
import { readFormat } from "../../ingest/format/read-format.ts";
import { problemOf } from "../../ingest/ingest-account.ts";
import type { ChooseFormat } from "../../ingest/io/ingest-log.ts";
import { openLog } from "../../ingest/io/open-log.ts";
import { openStdin } from "../../ingest/io/open-stdin.ts";
import { createSpool, type Spool } from "../../ingest/io/spool.ts";
import { renderAccount } from "../../ingest/render-account.ts";
import { compileDomainOfPath } from "../../ingest/source/domain-of-path.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { canonicalHost } from "../host-name.ts";
import { inParallel } from "../in-parallel.ts";
import { withLock } from "../lock-file.ts";
import { isNodeName } from "../partition.ts";
import { type SealMode, sealModes } from "../seal/seal-mode.ts";
import { terminalLines } from "../terminal-text.ts";
import { addCommonOptions, type CommonOptions, type Context, type OpenContext } from "./context.ts";
import { runIngest } from "./ingest-run.ts";
import { createProgressBar } from "./progress-bar.ts";
import type { LogInput } from "./read-inputs.ts";

interface IngestOptions extends CommonOptions {
  readonly format?: string;
  readonly domain?: string;
  readonly domainFromFile?: string;
  readonly node?: string;
  readonly finished?: boolean;
  readonly asNew?: boolean;
  readonly seal?: SealMode;
  readonly output: string;
}

/** `openSpool` is the program's own but in a test, which gives one that breaks its promise. */
export function ingestCommand(
  openContext: OpenContext,
  openSpool: (directory: string) => Spool = createSpool,
): Command {
  const command = new Command("ingest")
    .description("read access logs and store what is new in them")
    .argument("<files...>", "log files, plain or compressed (gzip, bzip2, zstd); globs; - for standard input")
    .option(
      "--format <format>",
      "auto, a preset (common, combined, vhost_common, vhost_combined), 'nginx:<log_format>' or 'apache:<LogFormat>'",
    )
    .option("--domain <name>", "the site that all lines are of")
    .option(
      "--domain-from-file <pattern>",
      "where the site stands in the file's path, such as '{domain}.access.log'",
    )
    .option("--node <name>", "the hosting node that wrote the lines (default: this machine, or the config's)")
    .option("--finished", "nobody writes to the files any more: a last line without a newline counts")
    .option("--as-new", "the files are no copies of stored logs, however alike they begin")
    .addOption(
      new Option("--seal <mode>", "how a store that is yet to be made keeps raw (default: age)").choices(
        sealModes,
      ),
    )
    .option("--output <kind>", "text, or json for the account on standard output", "text")
    .addHelpText("after", helpText);
  return addCommonOptions(command).action(async (files: readonly string[], options: IngestOptions) => {
    await ingest(files, options, await openContext(options), openSpool);
  });
}

const helpText = `
The same lines are never stored twice: not from a file that was renamed, compressed, has grown or was
imported before. Exit codes: 0 everything was read, 2 some files could not be read (the account names
them), 3 the ledger is damaged or published keys were forged, 64 usage, 75 the store could not be reached or
has no keys to seal for (nothing is lost: run again), 78 the config.`;

async function ingest(
  files: readonly string[],
  options: IngestOptions,
  context: Context,
  openSpool: (directory: string) => Spool,
): Promise<void> {
  if (options.output !== "text" && options.output !== "json") {
    throw new UserError(`--output is text or json, not "${options.output}"`, exitCode.usage);
  }
  const node = options.node ?? context.config.node;
  if (!isNodeName(node)) {
    throw new UserError(
      `"${node}" is no node name: use lower-case letters, digits, dots and hyphens`,
      exitCode.usage,
    );
  }
  const inputs = await findInputs(files, options, context);
  const chooseFormat = formatChooser(options.format ?? context.config.ingest.format);
  const lock = join(context.stateDirectory, `ingest-${node}.lock`);
  const account = await withLock(lock, `ingest for node ${node}`, async () => {
    const progress = createProgressBar(context.stderr, await totalBytes(inputs));
    try {
      return await runIngest({
        context,
        node,
        seal: options.seal,
        inputs,
        chooseFormat,
        openSpool,
        isFinished: options.finished === true,
        isNew: options.asNew === true,
        clock: context.nowIsArgument ? () => context.nowMs : Date.now,
        onProgress: progress.update,
      });
    } finally {
      progress.stop();
    }
  });
  if (options.output === "json") context.stdout.write(`${JSON.stringify(account)}\n`);
  else context.stdout.write(terminalLines(renderAccount(account)));
  if (account.isInterrupted)
    throw new UserError("interrupted; run again to read the rest", exitCode.tryAgain);
  const problems = account.files.filter(({ outcome }) => problemOf(outcome) !== undefined).length;
  if (problems > 0) {
    throw new UserError(
      `${problems} of ${account.files.length} files could not be read whole, see above`,
      exitCode.partial,
    );
  }
}

/** The files that are meant, in the order they were named; a pattern's files by name, each once. */
async function findInputs(
  files: readonly string[],
  options: IngestOptions,
  context: Context,
): Promise<readonly LogInput[]> {
  const domain = options.domain === undefined ? undefined : hostOf(options.domain);
  const pattern = options.domainFromFile ?? context.config.ingest.domainPattern;
  const domainOfPath = pattern === undefined ? () => undefined : compileDomainOfPath(pattern);
  const paths = new Set<string>();
  for (const file of files) for (const path of await expand(file)) paths.add(path);
  return [...paths].map((name) => ({
    name,
    domain: domain ?? canonicalHostOrNone(domainOfPath(name)),
    isDomainGiven: domain !== undefined,
    open: () =>
      name === "-"
        ? openStdin(
            addAbortSignal(context.signal, process.stdin),
            join(context.stateDirectory, "stdin"),
            context.nowMs,
          )
        : openLog(name),
  }));
}

async function expand(file: string): Promise<readonly string[]> {
  if (file === "-" || !/[*?]|\[[^\]]+\]|\{[^}]+\}/.test(file) || (await exists(file))) return [file];
  const found = await glob([file], { absolute: file.startsWith("/"), dot: true });
  if (found.length === 0) throw new UserError(`no file fits the pattern ${file}`, exitCode.usage);
  return found.sort();
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}

function hostOf(text: string): string {
  const host = canonicalHost(text);
  if (host === undefined) throw new UserError(`"${text}" is no host name`, exitCode.usage);
  return host;
}

function canonicalHostOrNone(text: string | undefined): string | undefined {
  return text === undefined ? undefined : canonicalHost(text);
}

function formatChooser(setting: string): ChooseFormat {
  const format = readFormat(setting);
  if (format !== "auto") {
    return (sample) => {
      const { matchedLines, sampledLines } = countMatches(format, sample);
      return { format: matchedLines * 2 < sampledLines ? undefined : format, sampledLines };
    };
  }
  return (sample) => {
    const detection = detectFormat(sample);
    return {
      format:
        detection.kind === "found" ? createMixedFormat(detection.format, Object.values(presets)) : undefined,
      sampledLines: detection.sampledLines,
    };
  };
}

/** How many files are looked at at once. */
const STATS = 16;

async function totalBytes(inputs: readonly LogInput[]): Promise<number> {
  let sum = 0;
  await inParallel(inputs, STATS, async ({ name }) => {
    try {
      if (name !== "-") sum += (await stat(name)).size;
    } catch {
      // A file that is not there is reported when it is opened.
    }
  });
  return sum;
}
