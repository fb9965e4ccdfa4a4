import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { combinedLine } from "../support/log-lines.ts";
import { programEnvironment } from "../support/run-hostlog.ts";
import { startS3Server } from "../support/s3-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const program = fileURLToPath(new URL("../../dist/src/main.js", import.meta.url));
const prlimit = "/usr/bin/prlimit";
const nowMs = Date.parse("2026-03-01T12:00:00Z");

/** Private memory that no file is behind, and shared: what Linux puts into a core unless it is told otherwise. */
const USUAL_FILTER = "0x33";
/** All memory stays out, and a core is written all the same. */
const EMPTY_FILTER = "0";

interface Core {
  readonly signal: NodeJS.Signals | null;
  /** What the program chose of its memory for a core. */
  readonly filter: string | undefined;
  /** Undefined: the system wrote none here. */
  readonly bytes: Buffer | undefined;
  readonly canary: string;
}

/**
 * Aborts an ingest while it sends what its encoder's thread has just made of its lines, where core files may be of any
 * size. `filter` is set from outside just before, and the limit lifted, as if the program had done nothing.
 */
async function abortIngest(filter?: string): Promise<Core> {
  const folder = await temporaryFolder();
  const canary = `canary${randomBytes(12).toString("hex")}`;
  const server = await startS3Server();
  onTestFinished(() => server.close());
  const config = join(folder, "hostlog.yaml");
  const s3 = `{ endpoint: "${server.endpoint}", region: us-east-1, force_path_style: true }`;
  await writeFile(
    config,
    `node: web01\nseal: none\nstate: ${join(folder, "state")}\nstore: s3://logs/hosting\ns3: ${s3}\n`,
  );
  const lines = Array.from({ length: 2000 }, (_, number) =>
    combinedLine({ ms: nowMs - number, request: `GET /${number}?token=${canary} HTTP/1.1` }),
  );
  await writeFile(join(folder, "access.log"), `${lines.join("\n")}\n`);

  const words = ["ingest", "--config", config, "--now", new Date(nowMs).toISOString(), "access.log"];
  const child = spawn(
    "sh",
    ["-c", 'ulimit -c unlimited; exec "$@"', "sh", process.execPath, program, ...words],
    {
      cwd: folder,
      env: programEnvironment(folder, { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" }),
      stdio: "ignore",
    },
  );
  let chosen: string | undefined;
  server.may = (operation, name) => {
    if (operation === "PutObject" && name.startsWith("logs/hosting/raw/") && !child.killed) {
      chosen = readFileSync(filterOf(child.pid), "utf8").trim();
      if (filter !== undefined) allowCore(child.pid, filter);
      child.kill("SIGABRT");
    }
    return true;
  };
  const [, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return { signal, filter: chosen, bytes: await coreIn(folder), canary };
}

function filterOf(pid: number | undefined): string {
  return `/proc/${pid}/coredump_filter`;
}

function allowCore(pid: number | undefined, filter: string): void {
  writeFileSync(filterOf(pid), filter);
  execFileSync(prlimit, ["--pid", String(pid), "--core=unlimited:"]);
}

/** However the system names it. */
async function coreIn(folder: string): Promise<Buffer | undefined> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (name.includes("core") && (await stat(path)).isFile()) return readFile(path);
  }
  return undefined;
}

describe("a program that was aborted with lines in its memory", () => {
  it("leaves no core file, and would leave none of its memory in one", async (context) => {
    context.skip(process.platform !== "linux" || !existsSync(prlimit), "Linux with util-linux alone is told");
    const unguarded = await abortIngest(USUAL_FILTER);
    context.skip(
      unguarded.bytes === undefined,
      "this system writes no core file into the working directory (see /proc/sys/kernel/core_pattern): it cannot tell",
    );
    // The scanner sees: of the same run, with the system's own choice of memory, the core has them.
    expect(unguarded.bytes?.includes(unguarded.canary)).toBe(true);

    // The registers and names of its threads are all that is left.
    const filtered = await abortIngest(EMPTY_FILTER);
    expect(filtered.bytes?.length).toBeLessThan((unguarded.bytes?.length ?? 0) / 20);

    expect(await abortIngest()).toMatchObject({ signal: "SIGABRT", filter: "00000000", bytes: undefined });
  }, 60_000);
});
