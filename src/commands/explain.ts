import { Command } from "commander";
import type { CompiledFormat } from "../../ingest/format/compile-walk.ts";
import { describeFormat } from "../../ingest/format/describe-format.ts";
import { readFormat } from "../../ingest/format/read-format.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import type { Surroundings } from "./context.ts";

/** `hostlog explain`: what a server's own format text means here, before a line is read with it. */
export function explainCommand({ stdout }: Pick<Surroundings, "stdout">): Command {
  return new Command("explain")
    .description("say what becomes of each part of a log format")
    .argument("<format>", "the server's own text: 'nginx:<log_format>' or 'apache:<LogFormat>'")
    .action((setting: string) => {
      const format = readFormat(setting);
      if (format === "auto" || !("parts" in format)) {
        throw new UserError(
          `"${setting}" is no format of a server's own: give the text behind log_format or LogFormat`,
          exitCode.usage,
        );
      }
      stdout.write(`${describeFormat(format as CompiledFormat).join("\n")}\n`);
    });
}
