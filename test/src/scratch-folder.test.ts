import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import { SILENT_MS_MAX } from "../../src/lock-holder.ts";
import { withScratchFolder } from "../../src/scratch-folder.ts";
import { thisProcess } from "../../src/see-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const program = fileURLToPath(new URL("../../dist/src/scratch-folder.js", import.meta.url));

let state: string;
let scratch: string;

beforeEach(async () => {
  state = join(await temporaryFolder(), "state");
  scratch = join(state, "scratch");
});

/** Another process that uses a folder, holds a copy in it, and says so. */
async function startOther(): Promise<{
  readonly folder: string;
  end(signal: NodeJS.Signals): Promise<void>;
}> {
  const script = `
    import { writeFileSync } from "node:fs";
    import { withScratchFolder } from ${JSON.stringify(program)};
    process.on("SIGTERM", () => process.exit(1));
    await withScratchFolder(process.argv[1], "query", async (folder) => {
      writeFileSync(folder + "/copy", "of an object");
      console.log(folder);
      await new Promise((resolve) => setTimeout(resolve, 600_000));
    });`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script, state], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
  return {
    folder: line.trim(),
    async end(signal) {
      child.kill(signal);
      await once(child, "close");
    },
  };
}

const useNothing = async (): Promise<void> => undefined;

describe("withScratchFolder", () => {
  it("gives a folder for this user only, returns what its use returns, and leaves nothing", async () => {
    const mode = await withScratchFolder(state, "query", async (folder) => {
      await writeFile(join(folder, "copy"), "of an object");
      return (await stat(folder)).mode & 0o777;
    });
    expect(mode).toBe(0o700);
    expect((await stat(scratch)).mode & 0o777).toBe(0o700);
    expect(await readdir(scratch)).toEqual([]);
  });

  it("leaves nothing when its use throws, and throws that", async () => {
    const trouble = Object.assign(new Error("trouble"), { code: "ENOENT" });
    await expect(withScratchFolder(state, "query", () => Promise.reject(trouble))).rejects.toBe(trouble);
    expect(await readdir(scratch)).toEqual([]);
  });

  it("leaves nothing when the process is told to exit in the middle of it", async () => {
    const other = await startOther();
    await other.end("SIGTERM");
    expect(await readdir(scratch)).toEqual([]);
  });

  it("removes what a killed process has left, and never what another uses", async () => {
    const killed = await startOther();
    await killed.end("SIGKILL");
    expect(await readdir(killed.folder)).toEqual(["copy"]);
    const live = await startOther();
    await withScratchFolder(state, "query", useNothing);
    await expect(stat(killed.folder)).rejects.toMatchObject({ code: "ENOENT" });
    expect(await readdir(live.folder)).toEqual(["copy"]);
    await live.end("SIGKILL");
    await withScratchFolder(state, "query", useNothing);
    expect(await readdir(scratch)).toEqual([]);
  });

  it("removes what was left by a process whose number another has now, or before a reboot", async () => {
    const here = await thisProcess();
    for (const [index, change] of [{ startTicks: "1" }, { bootId: "another" }].entries()) {
      const folder = join(scratch, `${process.pid}-${String(index).repeat(16)}`);
      await mkdir(folder, { recursive: true });
      const holder = { ...here, token: "other", purpose: "query", ...change };
      await writeFile(`${folder}.lock`, JSON.stringify(holder));
    }
    const own = join(scratch, `${process.pid}-${"f".repeat(16)}`);
    await mkdir(own);
    await writeFile(`${own}.lock`, JSON.stringify({ ...here, token: "own", purpose: "query" }));
    await withScratchFolder(state, "query", useNothing);
    expect((await readdir(scratch)).sort()).toEqual([
      `${process.pid}-${"f".repeat(16)}`,
      `${process.pid}-${"f".repeat(16)}.lock`,
    ]);
  });

  it("removes a folder without a lock, and the parts of a lock once they are old, and nothing else", async () => {
    const name = `4711-${"0".repeat(16)}`;
    await mkdir(join(scratch, name, "batch-0"), { recursive: true });
    for (const part of ["young", "old"]) await writeFile(join(scratch, `${name}.lock.${part}.tmp~`), "");
    await writeFile(join(scratch, "notes"), "");
    const longAgo = new Date(Date.now() - SILENT_MS_MAX - 60_000);
    await utimes(join(scratch, `${name}.lock.old.tmp~`), longAgo, longAgo);
    await withScratchFolder(state, "query", useNothing);
    expect((await readdir(scratch)).sort()).toEqual([`${name}.lock.young.tmp~`, "notes"]);
  });

  it("lets many come at once", async () => {
    const killed = await startOther();
    await killed.end("SIGKILL");
    const uses = Array.from({ length: 4 }, () => withScratchFolder(state, "query", async (folder) => folder));
    expect(new Set(await Promise.all(uses)).size).toBe(4);
    expect(await readdir(scratch)).toEqual([]);
  });

  it("says what to do when the state directory cannot be written", async () => {
    const file = join(await temporaryFolder(), "file");
    await writeFile(file, "");
    await expect(withScratchFolder(file, "query", useNothing)).rejects.toMatchObject({
      name: "UserError",
      exitCode: exitCode.config,
      message: expect.stringContaining(`${join(file, "scratch")}, which cannot be written (ENOTDIR)`),
    });
    // The superuser may write everywhere.
    if (process.getuid?.() === 0) return;
    await mkdir(state);
    await chmod(state, 0o500);
    await expect(withScratchFolder(state, "query", useNothing)).rejects.toMatchObject({
      message: expect.stringContaining('as "state" in the config'),
    });
  });
});
