import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const program = fileURLToPath(new URL("../../../dist/src/main.js", import.meta.url));

export interface RunningCustodian {
  /** Everything written to stderr so far. */
  errors(): string;
  /** Resolves when stderr fits. */
  untilSaid(pattern: RegExp): Promise<void>;
  /** Sends a signal, and resolves with what the process ended with: a code, or the signal. */
  endBy(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

/** Starts the built `hostlog custodian`, and resolves when it serves. It is killed when the test ends. */
export async function runCustodian(
  folder: string,
  args: readonly string[],
  errorsFile?: number,
): Promise<RunningCustodian> {
  const child = spawn(process.execPath, [program, "custodian", ...args], {
    cwd: folder,
    env: { PATH: process.env["PATH"], HOME: folder, HOSTLOG_KEYS: `${folder}/keys` },
    stdio: ["ignore", "pipe", errorsFile ?? "pipe"],
  });
  const closed = once(child, "close");
  let said = "";
  let look = (): void => undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      look();
    });
  }
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await closed;
  });
  const running: RunningCustodian = {
    errors: () => said,
    untilSaid: (pattern) =>
      new Promise((resolve, reject) => {
        look = () => {
          if (pattern.test(said)) resolve();
        };
        look();
        child.once("close", () => reject(new Error(`it ended, and did not say ${String(pattern)}: ${said}`)));
      }),
    async endBy(signal) {
      child.kill(signal);
      const [code, by] = (await closed) as [number | null, NodeJS.Signals | null];
      return code ?? by;
    },
  };
  if (errorsFile === undefined) await running.untilSaid(/ custodian: serving the store /);
  return running;
}
