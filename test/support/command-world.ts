import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import type { Command } from "commander";
import type { Surroundings } from "../../src/commands/context.ts";

/** A folder of its own for a command to run in, and what it wrote. */
export interface CommandWorld {
  readonly folder: string;
  readonly surroundings: Surroundings;
  /** Everything written to stdout since the last call. */
  takeOutput(): string;
  takeErrors(): string;
  end(): Promise<void>;
}

export async function createCommandWorld(change: Partial<Surroundings> = {}): Promise<CommandWorld> {
  const folder = await mkdtemp(join(tmpdir(), "hostlog-command-"));
  const stdout = collect();
  const stderr = collect();
  return {
    folder,
    surroundings: {
      environment: {},
      workingDirectory: folder,
      homeDirectory: folder,
      hostName: "web-1",
      isSuperuser: false,
      clock: () => Date.parse("2026-11-22T12:00:00Z"),
      stdout: stdout.stream,
      stderr: stderr.stream,
      signal: new AbortController().signal,
      ...change,
    },
    takeOutput: stdout.take,
    takeErrors: stderr.take,
    end: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Runs a command as the command line would. Throws what it throws. */
export async function runCommand(command: Command, ...words: readonly string[]): Promise<void> {
  await command.parseAsync([...words], { from: "user" });
}

function collect(): { readonly stream: Writable; readonly take: () => string } {
  let text = "";
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  const take = (): string => {
    const taken = text;
    text = "";
    return taken;
  };
  return { stream, take };
}
