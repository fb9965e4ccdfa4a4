#!/usr/bin/env node
import { homedir, hostname } from "node:os";
import { Command, CommanderError } from "commander";
import { createOpenContext, type Surroundings } from "./commands/context.ts";
import { explainCommand } from "./commands/explain.ts";
import { ingestCommand } from "./commands/ingest.ts";
import { queryCommand } from "./commands/query.ts";
import { retentionCommand } from "./commands/retention.ts";
import { validateCommand } from "./commands/validate.ts";
import { verifyCommand } from "./commands/verify.ts";
import { UserError } from "./errors.ts";
import { type ExitCode, exitCode } from "./exit-code.ts";
import { version } from "./version.ts";

/** The first signal asks the command to end in good order, the second ends it at once. */
function endingSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(name === "SIGINT" ? 130 : 143);
      process.stderr.write("ending after what is at hand; once more to stop at once\n");
      controller.abort();
    });
  }
  return controller.signal;
}

async function main(): Promise<void> {
  const surroundings: Surroundings = {
    environment: process.env,
    workingDirectory: process.cwd(),
    homeDirectory: homedir(),
    hostName: hostname(),
    isSuperuser: process.getuid?.() === 0,
    clock: Date.now,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: endingSignal(),
  };
  const openContext = createOpenContext(surroundings);
  const program = new Command("hostlog")
    .description("Keeps a hosting provider's access logs: two views, look-ups, destruction on schedule.")
    .version(version)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError("(--help says more)");
  const commands = [
    ingestCommand(openContext),
    queryCommand(openContext),
    retentionCommand(openContext),
    verifyCommand(openContext),
    validateCommand(surroundings),
    explainCommand(surroundings),
  ];
  for (const command of commands) program.addCommand(overriding(command));
  await program.parseAsync(process.argv);
}

/** Commands throw where they would end the process, so that this file alone decides on exit codes. */
function overriding(command: Command): Command {
  command.exitOverride();
  for (const child of command.commands) overriding(child);
  return command;
}

function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UserError) {
    process.stderr.write(`hostlog: ${error.message}\n`);
    return error.exitCode;
  }
  // Commander has said what is wrong already; help and version are no mistakes.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
  process.stderr.write(`hostlog: this is a bug, please report it with what follows\n`);
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return exitCode.bug;
}

try {
  await main();
  process.exitCode = exitCode.ok;
} catch (error) {
  process.exitCode = exitCodeOf(error);
}
