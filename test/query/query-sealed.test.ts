import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import { combinedLine } from "../support/log-lines.ts";
import { type Finished, programEnvironment, runHostlog } from "../support/run-hostlog.ts";
import { startWarmHostlog, type WarmHostlog } from "../support/warm-hostlog.ts";

const program = fileURLToPath(new URL("../../dist/src/main.js", import.meta.url));
const own = `hostlog-${process.getuid?.() ?? 0}`;
const nowText = "2026-02-04";

/** A store with two sealed objects of raw, of more rows than a pipe holds, and its keyring. */
let made: string;
/** Where a test's look-ups open objects: in memory, and its own. */
let memory: string;

let warm: WarmHostlog;

beforeAll(async () => {
  warm = startWarmHostlog();
  made = await mkdtemp(join(tmpdir(), "hostlog-test-"));
  await writeFile(
    join(made, "hostlog.yaml"),
    `node: web01\nstore: file://${made}/store\nstate: ${made}/state\nkeys: { folder: ${made}/keys }\nclasses: { standard: 30d }\n`,
  );
  for (const day of [2, 3]) {
    const lines = Array.from({ length: 1500 }, (_, index) =>
      combinedLine({ ms: Date.UTC(2026, 1, day, 12, 0, 0, index) }),
    );
    await writeFile(join(made, `day-${day}.log`), `${lines.join("\n")}\n`);
  }
  const ingested = await hostlog("ingest", join(made, "day-2.log"), join(made, "day-3.log"));
  expect(ingested.status, ingested.stderr).toBe(0);
}, 60_000);

afterAll(async () => {
  await warm.end();
  await rm(made, { recursive: true, force: true });
});

beforeEach(async () => {
  memory = await mkdtemp("/dev/shm/hostlog-test-");
  onTestFinished(() => rm(memory, { recursive: true, force: true }));
});

function args(command: string, words: readonly string[]): readonly string[] {
  return [command, ...words, "--config", join(made, "hostlog.yaml"), "--now", nowText];
}

function hostlog(command: string, ...words: readonly string[]): Promise<Finished> {
  return warm.run(args(command, words), {
    directory: made,
    environment: { HOSTLOG_MEMORY: memory ?? "/nonexistent" },
  });
}

const query = (...words: readonly string[]): Promise<Finished> =>
  hostlog("query", "--from", "2026-02-01", ...words);

/** A look-up whose answer nobody takes, with its objects opened. */
async function startStuck(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [program, ...args("query", ["--from", "2026-02-01"])], {
    cwd: made,
    env: programEnvironment(made, { HOSTLOG_MEMORY: memory }),
    stdio: ["ignore", "pipe", "ignore"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  while ((await openedFiles()).length < 2) await delay(20);
  return child;
}

async function openedFiles(): Promise<readonly string[]> {
  const found = await readdir(memory, { recursive: true }).catch(() => []);
  return found.filter((name) => name.endsWith(".parquet"));
}

/** All that is left of look-ups, in memory and on disk; the folder for them may stay. */
async function leftOver(): Promise<readonly string[]> {
  const inMemory = (await readdir(memory, { recursive: true })).filter((name) => name !== own);
  return [...inMemory, ...(await readdir(join(made, "state", "scratch")))];
}

async function objectKeys(): Promise<readonly string[]> {
  const names = await readdir(join(made, "store", "raw"), { recursive: true });
  return names.filter((name) => name.endsWith(".age")).sort();
}

describe("hostlog query, of a sealed store", () => {
  it("answers, says what was opened, and leaves nothing in memory or on disk", async () => {
    const { status, stdout, stderr } = await query("--columns", "time");
    expect(status, stderr).toBe(0);
    expect(stdout.trim().split("\n")).toHaveLength(3000);
    expect(stderr).toMatch(/\n3 days, 2 of 2 objects opened, \S+ KiB, 3000 rows, \S+ s\n$/);
    expect(stderr).not.toContain("on disk");
    expect(await leftOver()).toEqual([]);
  });

  it("asks for no key where analytics is asked", async () => {
    await withoutKeys(async () => {
      const { status, stderr } = await query("--view", "analytics", "--limit", "1");
      expect(status, stderr).toBe(0);
      expect((await query()).status).toBe(exitCode.config);
    });
    expect(await leftOver()).toEqual([]);
  });

  it("opens on disk where no memory will do, and says so in one line", async () => {
    const elsewhere = await mkdtemp(join(made, "elsewhere-"));
    await symlink(elsewhere, join(memory, own));
    const { status, stdout, stderr } = await query("--columns", "time");
    expect(status, stderr).toBe(0);
    expect(stdout.trim().split("\n")).toHaveLength(3000);
    expect(stderr.split("\n").filter((line) => line.includes("on disk"))).toEqual([
      expect.stringMatching(
        `^sealed objects are opened on disk, in ${made}/state/scratch/\\S+, because ${memory}/${own} is no folder$`,
      ),
    ]);
    expect(await readdir(elsewhere)).toEqual([]);
    expect(await readdir(join(made, "state", "scratch"))).toEqual([]);
  });

  it("gives no rows of a damaged object, names it, ends with 3, and leaves nothing", async () => {
    const [key = ""] = await objectKeys();
    const path = join(made, "store", "raw", key);
    const whole = await readFile(path);
    const damaged = Uint8Array.from(whole);
    damaged[whole.length - 100] = (damaged[whole.length - 100] ?? 0) ^ 1;
    try {
      await writeFile(path, damaged);
      const { status, stdout, stderr } = await query();
      expect(status).toBe(exitCode.integrity);
      expect(stdout).toBe("");
      expect(stderr).toContain(`the object ${key} of file://${made}/store/raw is damaged`);
    } finally {
      await writeFile(path, whole);
    }
    expect(await leftOver()).toEqual([]);
  });

  it("leaves out what was destroyed, says so, and ends with 0", async () => {
    const copy = await mkdtemp(join(made, "copy-"));
    await cp(join(made, "keys"), join(copy, "keys"), { recursive: true });
    try {
      const destroyed = await runHostlog(args("keys", ["destroy", "--day", "2026-02-02", "--yes"]), {
        directory: made,
      });
      expect(destroyed.status, destroyed.stderr).toBe(0);
      const { status, stdout, stderr } = await query("--columns", "time");
      expect(status, stderr).toBe(0);
      expect(stdout.trim().split("\n")).toHaveLength(1500);
      expect(stderr).toContain("1 of 2 objects opened");
      expect(stderr).toContain("1 object of 2026-02-02 is destroyed: its key is gone");
    } finally {
      await rm(join(made, "keys"), { recursive: true });
      await cp(join(copy, "keys"), join(made, "keys"), { recursive: true });
    }
  });

  it.each([
    ["SIGINT", ["SIGINT"]],
    ["SIGTERM", ["SIGTERM"]],
    ["a second signal", ["SIGTERM", "SIGINT"]],
  ] as const)("leaves nothing when it is ended by %s while its objects lie open", async (_what, signals) => {
    const child = await startStuck();
    for (const signal of signals) child.kill(signal);
    await once(child, "exit");
    expect(await leftOver()).toEqual([]);
  });

  it("leaves its objects in memory when it is killed, for this user only, and the next look-up removes them", async () => {
    const child = await startStuck();
    child.kill("SIGKILL");
    await once(child, "exit");
    const found = await openedFiles();
    expect(found).toHaveLength(2);
    for (const name of found) expect((await stat(join(memory, name))).mode & 0o777).toBe(0o600);
    expect((await stat(join(memory, own))).mode & 0o777).toBe(0o700);
    // Also one that opens nothing itself.
    expect((await query("--view", "analytics", "--limit", "1")).status).toBe(0);
    expect(await leftOver()).toEqual([]);
  });
});

const hasStrace = spawnSync("strace", ["-o", "/dev/null", "true"], { stdio: "ignore" }).status === 0;

describe.skipIf(!hasStrace)(
  `what a look-up writes${hasStrace ? "" : " (SKIPPED, strace is missing)"}`,
  () => {
    it("lies in folders of its own, in files that no other user can read", async () => {
      const trace = join(made, "trace");
      const calls = "trace=openat,open,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink";
      const words = ["-f", "-qq", "-s", "400", "-e", calls, "-o", trace, process.execPath, program];
      const traced = spawnSync("strace", [...words, ...args("query", ["--from", "2026-02-01"])], {
        cwd: made,
        env: programEnvironment(made, { HOSTLOG_MEMORY: memory }),
        encoding: "utf8",
      });
      expect(traced.status, traced.stderr).toBe(0);
      const creations = (await readFile(trace, "utf8"))
        .split("\n")
        .filter((line) => /O_CREAT|mkdir|rename|link/.test(line));
      // Another thread's call may come between a call and its answer.
      const ended = "(?:\\)| <unfinished)";
      const opened = creations.filter((line) => line.includes(".parquet"));
      expect(opened).toHaveLength(2);
      for (const line of opened)
        expect(line).toMatch(new RegExp(`"${memory}/${own}/.*O_EXCL.*, 0600${ended}`));
      // The keyring is locked while it is read.
      const allowed = [join(memory, own), join(made, "state", "scratch"), join(made, "keys")];
      for (const line of creations.filter((call) => !/= -1 E/.test(call))) {
        const [, path = ""] = /"([^"]+)"/.exec(line) ?? [];
        if (path === join(made, "state") || path.startsWith("/proc/self/") || path.startsWith("/dev/"))
          continue;
        expect(
          allowed.some((folder) => path.startsWith(folder)),
          line,
        ).toBe(true);
        if (line.includes("O_CREAT")) expect(line).toMatch(new RegExp(`, 0600${ended}`));
        else if (line.includes("mkdir")) expect(line).toMatch(new RegExp(`, 0700${ended}`));
      }
    });
  },
);

async function withoutKeys(act: () => Promise<void>): Promise<void> {
  await rename(join(made, "keys"), join(made, "keys-away"));
  try {
    await act();
  } finally {
    await rename(join(made, "keys-away"), join(made, "keys"));
  }
}
