#!/usr/bin/env node
import { homedir, hostname } from "node:os";
import { Command, CommanderError } from "commander";
import type { OpenContext, Surroundings } from "./commands/context.ts";
import { UserError } from "./errors.ts";
import { type ExitCode, exitCode } from "./exit-code.ts";
import { keepMemoryFromCoreFiles } from "./keep-memory-from-core-files.ts";
import { terminalLines } from "./terminal-text.ts";
import { version } from "./version.ts";

type LoadCommand = (openContext: OpenContext, surroundings: Surroundings) => Promise<Command>;

/** Each command with what it needs is loaded when it is asked for: the engine alone takes as long as a short ingest. */
const commands: Readonly<Record<string, LoadCommand>> = {
  ingest: async (openContext) => (await import("./commands/ingest.ts")).ingestCommand(openContext),
  query: async (openContext) => (await import("./commands/query.ts")).queryCommand(openContext),
  hold: async (openContext) => (await import("./commands/hold.ts")).holdCommand(openContext),
  retention: async (openContext) => (await import("./commands/retention.ts")).retentionCommand(openContext),
  verify: async (openContext) => (await import("./commands/verify.ts")).verifyCommand(openContext),
  doctor: async (openContext) => (await import("./commands/doctor.ts")).doctorCommand(openContext),
  init: async (openContext) => (await import("./commands/init.ts")).initCommand(openContext),
  keys: async (openContext) => (await import("./commands/keys.ts")).keysCommand(openContext),
  ledger: async (openContext) => (await import("./commands/ledger.ts")).ledgerCommand(openContext),
  custodian: async (openContext) => (await import("./commands/custodian.ts")).custodianCommand(openContext),
  validate: async (_, surroundings) => (await import("./commands/validate.ts")).validateCommand(surroundings),
  sample: async (_, surroundings) => (await import("./commands/sample.ts")).sampleCommand(surroundings),
  setup: async (openContext, surroundings) =>
    (await import("./commands/setup.ts")).setupCommand(openContext, surroundings),
  explain: async (_, surroundings) => (await import("./commands/explain.ts")).explainCommand(surroundings),
};

/** The first signal asks the command to end in good order, the second ends it at once. */
function endingSignal(): AbortSignal {
  const controller = new AbortController();
  // Node would open its debugger, to everybody on this machine, in a process that may hold keys.
  process.on("SIGUSR1", () => undefined);
  for (const [name, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    // Of a session that was cut off: a look-up leaves nothing of what it opened.
    ["SIGHUP", 129],
  ] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(code);
      process.stderr.write("hostlog: ending after what is at hand; once more to stop at once\n");
      controller.abort();
    });
  }
  return controller.signal;
}

async function main(signal: AbortSignal): Promise<void> {
  const { createOpenContext } = await import("./commands/context.ts");
  const surroundings: Surroundings = {
    environment: process.env,
    workingDirectory: process.cwd(),
    homeDirectory: homedir(),
    hostName: hostname(),
    isSuperuser: process.getuid?.() === 0,
    clock: Date.now,
    stdout: process.stdout,
    stderr: process.stderr,
    signal,
  };
  const openContext = createOpenContext(surroundings);
  const program = new Command("hostlog")
    .description("Keeps a hosting provider's access logs: two views, look-ups, destruction on schedule.")
    .version(version)
    .showHelpAfterError("(--help says more)");
  const asked = process.argv[2] ?? "";
  const names = Object.hasOwn(commands, asked) ? [asked] : Object.keys(commands);
  for (const name of names) {
    const command = await commands[name]?.(openContext, surroundings);
    if (command !== undefined) program.addCommand(command);
  }
  await overriding(program).parseAsync(process.argv);
}

/** Commands throw where they would end the process, so that this file alone decides on exit codes. */
function overriding(command: Command): Command {
  command.exitOverride();
  for (const child of command.commands) overriding(child);
  return command;
}

function exitCodeOf(error: unknown, signal: AbortSignal): ExitCode {
  if (error instanceof UserError) {
    process.stderr.write(`hostlog: ${terminalLines(error.message)}\n`);
    return error.exitCode;
  }
  // Commander has said what is wrong already; help and version are no mistakes.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
  if (isSystemError(error)) {
    process.stderr.write(
      `hostlog: the system refused: ${terminalLines(error.message)}; put that right and run it again\n`,
    );
    return exitCode.tryAgain;
  }
  if (signal.aborted && error instanceof Error && error.name === "AbortError") {
    process.stderr.write("hostlog: stopped before the end; run it again\n");
    return exitCode.tryAgain;
  }
  process.stderr.write("hostlog: this is a bug, please report it with what follows\n");
  process.stderr.write(
    `${terminalLines(error instanceof Error ? (error.stack ?? error.message) : String(error))}\n`,
  );
  return exitCode.bug;
}

/** A full disk, a folder that may not be written: nothing is wrong with the program. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && "errno" in error && "syscall" in error;
}

// Who reads the output may leave early, as `head` does: the work goes on, and its end is still told by the exit code.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});
keepMemoryFromCoreFiles();
const signal = endingSignal();
try {
  await main(signal);
  process.exitCode = exitCode.ok;
} catch (error) {
  process.exitCode = exitCodeOf(error, signal);
}
