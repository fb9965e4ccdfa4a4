import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../dist/src/main.js", import.meta.url));

export interface Finished {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly script?: string;
  readonly input?: string | Uint8Array;
  readonly directory?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Sends SIGKILL after so many ms, if it is still running then. */
  readonly killAfterMs?: number;
  /** Sends SIGKILL when it is aborted. */
  readonly killOn?: AbortSignal;
}

/**
 * What the program is told of its surroundings: nothing of the machine's. Keyrings lie in the test's own folder;
 * where it has none they can lie nowhere.
 */
export function programEnvironment(
  directory: string | undefined,
  environment: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "",
    ...(directory === undefined ? {} : { HOME: directory }),
    HOSTLOG_KEYS: directory === undefined ? "/dev/null/keys" : join(directory, "keys"),
    ...environment,
  };
}

/** Runs the built program as its user would, and waits for its end. */
export async function runHostlog(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const child = spawn(process.execPath, [options.script ?? program, ...args], {
    cwd: options.directory,
    env: programEnvironment(options.directory, options.environment),
    stdio: ["pipe", "pipe", "pipe"],
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  // A program that ends before it has read everything is not what is tested here.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  const timer =
    options.killAfterMs === undefined
      ? undefined
      : setTimeout(() => child.kill("SIGKILL"), options.killAfterMs);
  options.killOn?.addEventListener("abort", () => child.kill("SIGKILL"));
  const ended = await new Promise<Pick<Finished, "status" | "signal">>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status, signal) => resolve({ status, signal }));
  });
  clearTimeout(timer);
  return { ...ended, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}
