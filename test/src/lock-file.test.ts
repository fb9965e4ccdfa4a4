import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import { withLock } from "../../src/lock-file.ts";
import { type LockHolder, SILENT_MS_MAX } from "../../src/lock-holder.ts";
import { thisProcess } from "../../src/see-process.ts";

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hostlog-lock-"));
  path = join(folder, "state", "retention.lock");
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A lock file as another process would have left it. */
async function leaveLock(change: Partial<LockHolder>, silentMs = 0): Promise<void> {
  await withLock(path, "make the folder", async () => undefined);
  const holder: LockHolder = {
    ...(await thisProcess()),
    token: "other",
    purpose: "retention run",
    ...change,
  };
  await writeFile(path, JSON.stringify(holder));
  const touched = new Date(Date.now() - silentMs);
  await utimes(path, touched, touched);
}

/** The number of a process that has ended. */
async function endedPid(): Promise<number> {
  const child = spawn(process.execPath, ["--eval", ""], { stdio: "ignore" });
  const { pid } = child;
  await once(child, "exit");
  if (pid === undefined) throw new Error("no process was started");
  return pid;
}

const act = async (): Promise<string> => "done";

describe("withLock", () => {
  it("holds the lock while it acts, returns what the act returns, and leaves nothing", async () => {
    const seen = await withLock(path, "retention run", async () => JSON.parse(await readFile(path, "utf8")));
    expect(seen).toMatchObject({ pid: process.pid, purpose: "retention run" });
    expect(await readdir(join(folder, "state"))).toEqual([]);
    expect(await withLock(path, "again", act)).toBe("done");
  });

  it("leaves nothing when the act throws", async () => {
    await expect(withLock(path, "x", () => Promise.reject(new Error("trouble")))).rejects.toThrow("trouble");
    expect(await readdir(join(folder, "state"))).toEqual([]);
  });

  it("names the live process that holds the lock, and leaves it that", async () => {
    await withLock(path, "retention run", async () => {
      await expect(withLock(path, "retention run", act)).rejects.toMatchObject({
        exitCode: exitCode.tryAgain,
        message: expect.stringContaining(`is held by process ${process.pid} (retention run)`),
      });
      expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({ pid: process.pid });
    });
  });

  it("takes over from a process that has died", async () => {
    await leaveLock({ pid: await endedPid() });
    expect(await withLock(path, "x", act)).toBe("done");
    expect(await readdir(join(folder, "state"))).toEqual([]);
  });

  it("takes over when the number was given to another process", async () => {
    await leaveLock({ startTicks: "1" });
    expect(await withLock(path, "x", act)).toBe("done");
  });

  it("takes over after a reboot", async () => {
    await leaveLock({ bootId: "another boot" });
    expect(await withLock(path, "x", act)).toBe("done");
  });

  it("goes by the touches of the file for another container or machine", async () => {
    for (const elsewhere of [{ pidNamespace: "pid:[1]" }, { hostName: "web-2", bootId: "another boot" }]) {
      await leaveLock(elsewhere);
      await expect(withLock(path, "x", act)).rejects.toMatchObject({ exitCode: exitCode.tryAgain });
      await rm(path);
      await leaveLock(elsewhere, SILENT_MS_MAX + 1000);
      expect(await withLock(path, "x", act)).toBe("done");
    }
  });

  it("does not take a file that is no lock until it is old", async () => {
    await leaveLock({});
    await writeFile(path, "");
    await expect(withLock(path, "x", act)).rejects.toMatchObject({ exitCode: exitCode.tryAgain });
    const old = new Date(Date.now() - SILENT_MS_MAX - 1000);
    await utimes(path, old, old);
    expect(await withLock(path, "x", act)).toBe("done");
  });

  it("recovers when a process died while it took over", async () => {
    const pid = await endedPid();
    await leaveLock({ pid });
    await writeFile(`${path}.takeover`, await readFile(path));
    await expect(withLock(path, "x", act)).rejects.toMatchObject({ exitCode: exitCode.tryAgain });
    expect(await withLock(path, "x", act)).toBe("done");
    expect(await readdir(join(folder, "state"))).toEqual([]);
  });

  it("is held by one at a time, of many that see the same dead lock", async () => {
    const pid = await endedPid();
    let holders = 0;
    let most = 0;
    let taken = 0;
    const hold = async (): Promise<void> => {
      most = Math.max(most, ++holders);
      taken++;
      await new Promise((resolve) => setTimeout(resolve, 20));
      holders--;
    };
    for (let round = 0; round < 8; round++) {
      await leaveLock({ pid });
      // They begin at different moments, so that some are between their first look and their takeover when
      // another has just finished its own.
      const tries = Array.from({ length: 30 }, async (_, index) => {
        await new Promise((resolve) => setTimeout(resolve, index % 12));
        await withLock(path, "race", hold).catch((error: unknown) =>
          expect(error).toMatchObject({ exitCode: exitCode.tryAgain }),
        );
      });
      await Promise.all(tries);
      expect(most).toBe(1);
      expect(taken).toBeGreaterThan(round);
      expect(await readdir(join(folder, "state"))).toEqual([]);
    }
  });
});
