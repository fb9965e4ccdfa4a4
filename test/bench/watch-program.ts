import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

/** What a program of whatever kind took, from its start to its end. */
export interface Watched {
  readonly wallSeconds: number;
  /** The most memory that it held, as Linux counts it (`VmHWM` in proc_pid_status(5)). */
  readonly peakRssBytes: number;
}

/** How often is looked: what memory grew by after the last look is not seen. */
const LOOK_MS = 10;

/** Runs a program, which must be one process, to its end. Throws with what it said when it fails. */
export async function watchProgram(
  command: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Watched> {
  const startedAt = performance.now();
  const child = spawn(command, args, { env: environment, stdio: ["ignore", "ignore", "pipe"] });
  const said: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => said.push(chunk));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  let peakRssBytes = 0;
  const looking = setInterval(() => {
    peakRssBytes = Math.max(peakRssBytes, peakOf(child.pid));
  }, LOOK_MS);
  const status = await ended.finally(() => clearInterval(looking));
  const wallSeconds = (performance.now() - startedAt) / 1000;
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${Buffer.concat(said).toString()}`);
  return { wallSeconds, peakRssBytes };
}

/** 0 when the process is gone. */
function peakOf(pid: number | undefined): number {
  try {
    const [, kibibytes = "0"] =
      /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return Number(kibibytes) * 1024;
  } catch {
    return 0;
  }
}
