import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { syncDirectory, writeDurably, writeNewFile } from "../../src/durable-file.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hostlog-durable-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("writeDurably", () => {
  it("makes a file, and replaces it, with the mode that is asked for", async () => {
    const path = join(folder, "state.json");
    await writeFile(path, "old, and readable by all", { mode: 0o644 });
    await writeDurably(path, Buffer.from("new"), { mode: 0o600 });
    expect(await readFile(path, "utf8")).toBe("new");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(["state.json"]);
  });

  it("shows readers the old or the new bytes, never a part", async () => {
    const path = join(folder, "state");
    const versions = [Buffer.alloc(500_000, "a"), Buffer.alloc(500_000, "b")];
    await writeDurably(path, versions[0] ?? Buffer.alloc(0), { mode: 0o600 });
    const done = new AbortController();
    const writing = (async () => {
      for (let time = 0; time < 10; time++) {
        await writeDurably(path, versions[time % 2] ?? Buffer.alloc(0), { mode: 0o600 });
      }
      done.abort();
    })();
    while (!done.signal.aborted) {
      const seen = await readFile(path);
      expect(versions.some((version) => version.equals(seen))).toBe(true);
    }
    await writing;
  });

  it("leaves nothing behind when the name cannot be given", async () => {
    await mkdir(join(folder, "taken"));
    await writeFile(join(folder, "taken", "file"), "");
    await expect(writeDurably(join(folder, "taken"), Buffer.from("x"), { mode: 0o600 })).rejects.toThrow(
      /EISDIR|ENOTEMPTY/,
    );
    expect(await readdir(folder)).toEqual(["taken"]);
  });
});

describe("writeNewFile", () => {
  it("never replaces", async () => {
    const path = join(folder, "first");
    await writeNewFile(path, Buffer.from("one"), 0o600);
    await expect(writeNewFile(path, Buffer.from("two"), 0o600)).rejects.toMatchObject({ code: "EEXIST" });
    expect(await readFile(path, "utf8")).toBe("one");
  });
});

describe("syncDirectory", () => {
  it("throws for a folder that does not exist", async () => {
    await expect(syncDirectory(join(folder, "missing"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});
