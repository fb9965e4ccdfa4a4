import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { memoryDirectoriesOf } from "../../src/memory-directories.ts";
import { type MemoryFolder, openMemoryFolder, sweepMemoryFolders } from "../../src/memory-folder.ts";
import { thisProcess } from "../../src/see-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const own = `hostlog-${process.getuid?.() ?? 0}`;

/** A folder in memory, with a name that no other test has. */
let memory: string;

beforeEach(async () => {
  memory = await mkdtemp("/dev/shm/hostlog-test-");
  onTestFinished(() => rm(memory, { recursive: true, force: true }));
});

async function open(directories: readonly string[], neededBytes = 0): Promise<MemoryFolder> {
  const opened = await openMemoryFolder(directories, "query", neededBytes);
  if ("unusableBecause" in opened) throw new Error(opened.unusableBecause);
  return opened;
}

async function refused(directories: readonly string[], neededBytes = 0): Promise<string> {
  const opened = await openMemoryFolder(directories, "query", neededBytes);
  if (!("unusableBecause" in opened)) throw new Error(`${opened.path} was taken`);
  return opened.unusableBecause;
}

describe("openMemoryFolder", () => {
  it("gives a folder of this user's own, which nobody else can enter, and removes it with all it holds", async () => {
    const folder = await open([memory]);
    expect(folder.path.startsWith(join(memory, own, `${process.pid}-`))).toBe(true);
    for (const path of [join(memory, own), folder.path]) expect((await stat(path)).mode & 0o777).toBe(0o700);
    expect(folder.roomBytes).toBeGreaterThan(0);
    await writeFile(join(folder.path, "opened"), "an object");
    await folder.close();
    expect(await readdir(join(memory, own))).toEqual([]);
  });

  it("takes the first folder that will do, and says why the others will not", async () => {
    const taken = await open(["/proc", "/nonexistent", memory]);
    expect(taken.path.startsWith(memory)).toBe(true);
    await taken.close();
    expect(await refused(["/proc", "/nonexistent"])).toBe(
      "/proc is not in memory, /nonexistent cannot be used (ENOENT)",
    );
    expect(await refused([])).toBe("no folder in memory is known");
  });

  it("refuses one without the room that is needed", async () => {
    const needed = 2 ** 60;
    expect(await refused([memory], needed)).toMatch(
      new RegExp(`^${memory} has room for .* and 1024.0 PiB are needed$`),
    );
    expect(await readdir(memory)).toEqual([]);
  });

  it("refuses what somebody may have prepared: a link, a file, a folder that others can enter", async () => {
    const elsewhere = await temporaryFolder();
    await symlink(elsewhere, join(memory, own));
    expect(await refused([memory])).toBe(`${join(memory, own)} is no folder`);
    expect(await readdir(elsewhere)).toEqual([]);
    await rm(join(memory, own));
    await writeFile(join(memory, own), "");
    expect(await refused([memory])).toBe(`${join(memory, own)} is no folder`);
    await rm(join(memory, own));
    await mkdir(join(memory, own));
    await chmod(join(memory, own), 0o750);
    expect(await refused([memory])).toBe(`${join(memory, own)} is open to others`);
  });

  it("refuses a folder around it in which others could put theirs in its place", async () => {
    await chmod(memory, 0o777);
    expect(await refused([memory])).toBe(`in ${memory} others can replace folders`);
    await chmod(memory, 0o1777);
    await (await open([memory])).close();
  });

  // Only the superuser can give a folder away.
  it.skipIf(process.getuid?.() !== 0)("refuses another user's folder", async () => {
    const { chown } = await import("node:fs/promises");
    await mkdir(join(memory, own), { mode: 0o700 });
    await chown(join(memory, own), 65_534, 65_534);
    expect(await refused([memory])).toBe(`${join(memory, own)} is another user's`);
  });
});

describe("sweepMemoryFolders", () => {
  it("removes what a killed process has left, and nothing of a live one", async () => {
    const live = await open([memory]);
    await writeFile(join(live.path, "opened"), "an object");
    const dead = join(memory, own, `4711-${"0".repeat(16)}`);
    await mkdir(dead);
    await writeFile(join(dead, "opened"), "an object");
    const holder = { ...(await thisProcess()), bootId: "another", token: "dead", purpose: "query" };
    await writeFile(`${dead}.lock`, JSON.stringify(holder));
    await sweepMemoryFolders(["/nonexistent", memory]);
    await expect(stat(dead)).rejects.toMatchObject({ code: "ENOENT" });
    expect(await readdir(live.path)).toEqual(["opened"]);
    await live.close();
    expect(await readdir(join(memory, own))).toEqual([]);
  });

  it("follows no link", async () => {
    const elsewhere = await temporaryFolder();
    await mkdir(join(elsewhere, `4711-${"0".repeat(16)}`));
    await symlink(elsewhere, join(memory, own));
    await sweepMemoryFolders([memory]);
    expect(await readdir(elsewhere)).toHaveLength(1);
  });
});

describe("memoryDirectoriesOf", () => {
  it.each([
    [{}, ["/dev/shm"]],
    [{ XDG_RUNTIME_DIR: "/run/user/1000" }, ["/dev/shm", "/run/user/1000"]],
    [{ XDG_RUNTIME_DIR: "run" }, ["/dev/shm"]],
    [{ XDG_RUNTIME_DIR: "/run/user/1000", HOSTLOG_MEMORY: "/run/hostlog" }, ["/run/hostlog"]],
  ])("of %j are %j", (environment, directories) => {
    expect(memoryDirectoriesOf(environment)).toEqual(directories);
  });
});
