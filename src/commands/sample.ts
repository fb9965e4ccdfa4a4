import { mkdir, writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { Command } from "commander";
import { parseInstant } from "../../config/parse-instant.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { sampleConfig } from "../sample/sample-config.ts";
import { sampleLogs } from "../sample/sample-logs.ts";
import type { Surroundings } from "./context.ts";

/** `hostlog sample`: made-up logs with a break-in in them, to try everything on. Opens no store. */
export function sampleCommand(surroundings: Surroundings): Command {
  return new Command("sample")
    .description("write made-up access logs with a break-in in them, and a config, to try hostlog on")
    .argument("<directory>", "a folder that is not there yet, or has none of the files")
    .option(
      "--now <instant>",
      "write them as of this ISO 8601 instant; the same instant gives the same files",
    )
    .action(async (directory: string, options: { readonly now?: string }) => {
      await writeSample(directory, options.now, surroundings);
    });
}

async function writeSample(
  directory: string,
  now: string | undefined,
  surroundings: Surroundings,
): Promise<void> {
  const nowMs = now === undefined ? surroundings.clock() : parseInstant(now);
  if (nowMs === undefined) {
    throw new UserError(
      `--now ${now} is no instant: write it as 2026-11-22T02:17:00Z or 2026-11-22`,
      exitCode.usage,
    );
  }
  const folder = resolve(surroundings.workingDirectory, directory);
  const config = join(folder, "hostlog.yaml");
  await mkdir(join(folder, "logs"), { recursive: true });
  await writeNew(config, sampleConfig(pathToFileURL(join(folder, "store")).href, join(folder, "keys")));
  const say = (path: string, what: string): void => {
    surroundings.stdout.write(`${relative(surroundings.workingDirectory, path).padEnd(42)} ${what}\n`);
  };
  say(config, "a config for these logs");
  for (const { name, text } of sampleLogs(nowMs)) {
    const path = join(folder, "logs", name);
    await writeNew(path, name.endsWith(".gz") ? gzipSync(text) : text);
    say(path, `${text.split("\n").length - 1} lines`);
  }
}

/** Throws UserError when something is there: a sample never replaces anybody's logs. */
async function writeNew(path: string, content: string | Uint8Array): Promise<void> {
  try {
    await writeFile(path, content, { flag: "wx" });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    throw new UserError(`${path} is there already; name another folder, or remove it`, exitCode.usage, {
      cause: error,
    });
  }
}
