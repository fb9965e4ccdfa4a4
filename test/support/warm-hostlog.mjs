// Runs the built commands that it is sent, one after another, in one process: what most of a run's time goes into
// otherwise is loading them. `src/main.ts` is not part of it, nor are signals: `runHostlog` runs the program itself.
import { hostname } from "node:os";
import { Writable } from "node:stream";
import { Command, CommanderError } from "commander";
import { createOpenContext } from "../../dist/src/commands/context.js";
import { UserError } from "../../dist/src/errors.js";
import { terminalLines } from "../../dist/src/terminal-text.js";

const loads = {
  ingest: async (open) => (await import("../../dist/src/commands/ingest.js")).ingestCommand(open),
  ledger: async (open) => (await import("../../dist/src/commands/ledger.js")).ledgerCommand(open),
  query: async (open) => (await import("../../dist/src/commands/query.js")).queryCommand(open),
  retention: async (open) => (await import("../../dist/src/commands/retention.js")).retentionCommand(open),
  verify: async (open) => (await import("../../dist/src/commands/verify.js")).verifyCommand(open),
  setup: async (open, own) => (await import("../../dist/src/commands/setup.js")).setupCommand(open, own),
};

process.on("message", ({ args, directory, environment }) => {
  // One run at a time: the environment is that run's.
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, environment);
  run(args, directory).then(
    (finished) => process.send(finished),
    (error) => process.send({ bug: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});

async function run(args, directory) {
  const stdout = collect();
  const stderr = collect();
  const surroundings = {
    environment: process.env,
    workingDirectory: directory,
    homeDirectory: directory,
    hostName: hostname(),
    isSuperuser: false,
    clock: Date.now,
    stdout: stdout.stream,
    stderr: stderr.stream,
    signal: new AbortController().signal,
  };
  // Globs and relative names are looked up from here.
  process.chdir(directory);
  const command = await loads[args[0]](createOpenContext(surroundings), surroundings);
  const program = overriding(new Command("hostlog").addCommand(command));
  const status = await program.parseAsync(args, { from: "user" }).then(
    () => 0,
    (error) => {
      if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 64;
      if (!(error instanceof UserError)) throw error;
      stderr.stream.write(`hostlog: ${terminalLines(error.message)}\n`);
      return error.exitCode;
    },
  );
  return { status, signal: null, stdout: stdout.text(), stderr: stderr.text() };
}

function overriding(command) {
  command.exitOverride();
  for (const child of command.commands) overriding(child);
  return command;
}

function collect() {
  const chunks = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString() };
}
