import { spawn, spawnSync } from "node:child_process";
import { describe } from "vitest";

/**
 * The `age` and `age-keygen` of the system, which others wrote: what shows that a sealed object outlives this
 * program. Where they are missing the tests that need them are skipped, and their names say so;
 * with HOSTLOG_TEST_REQUIRE_AGE=1 they fail instead, for what is skipped shows nothing.
 */
const stockAge: { readonly isThere: boolean } = { isThere: answers("age") && answers("age-keygen") };

const howToInstall = "apt-get install -y --no-install-recommends age";

if (process.env["HOSTLOG_TEST_REQUIRE_AGE"] === "1") requireStockAge();
if (!stockAge.isThere) process.stderr.write(`age is missing, tests with it are skipped: ${howToInstall}\n`);

/** Throws with what to do where the tools are missing. */
export function requireStockAge(): void {
  if (!stockAge.isThere) throw new Error(`this test needs the stock age tool: ${howToInstall}`);
}

/** As `describe`, for tests that run the stock tools. */
export function describeWithStockAge(name: string, body: () => void): void {
  describe.skipIf(!stockAge.isThere)(
    stockAge.isThere ? name : `${name} (SKIPPED, age is missing: ${howToInstall})`,
    body,
  );
}

export interface AgeOptions {
  readonly directory?: string;
}

/** What `age` wrote to stdout. Throws with its own words when it ends with anything but 0. */
export function runAge(
  args: readonly string[],
  input?: Uint8Array,
  options: AgeOptions = {},
): Promise<Buffer> {
  return run("age", args, input, options);
}

/** What `age-keygen` wrote to stdout; without `-o` that is an identity file. */
export function runAgeKeygen(
  args: readonly string[] = [],
  input?: Uint8Array,
  options: AgeOptions = {},
): Promise<Buffer> {
  return run("age-keygen", args, input, options);
}

async function run(
  program: string,
  args: readonly string[],
  input: Uint8Array | undefined,
  options: AgeOptions,
): Promise<Buffer> {
  requireStockAge();
  const child = spawn(program, args, { cwd: options.directory, stdio: ["pipe", "pipe", "pipe"] });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  // It need not read all that it is given.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input ?? "");
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (status === 0) return Buffer.concat(stdout);
  throw new Error(`${program} ended with ${status}: ${Buffer.concat(stderr).toString().trim()}`);
}

function answers(program: string): boolean {
  return spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;
}
