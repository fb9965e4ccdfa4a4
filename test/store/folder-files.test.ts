import { execFileSync } from "node:child_process";
import {
  chmod,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import { claimPath, publishByClaim, publishFile } from "../../src/store/folder/publish-file.ts";
import { createFolderStore } from "../../src/store/folder-store.ts";
import { AccessDeniedError, ObjectNotFoundError, type ObjectStore } from "../../src/store/object-store.ts";
import { listKeys } from "../support/list-keys.ts";

const body = Buffer.from("body");

let parent: string;
let root: string;
let store: ObjectStore;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "hostlog-folder-"));
  root = join(parent, "made", "root");
  store = createFolderStore(root, "file:///test");
});
afterEach(() => rm(parent, { recursive: true }));

describe("the folder store's files", () => {
  it("lie under their keys, for this user only, and nothing else does", async () => {
    await store.create("dt=2026-11-22/x.parquet", body);
    expect(await readFile(join(root, "dt=2026-11-22", "x.parquet"))).toEqual(body);
    const modes = [
      root,
      join(root, "dt=2026-11-22"),
      join(root, "dt=2026-11-22", "x.parquet"),
      join(root, ".partial~"),
    ];
    expect(
      await Promise.all(modes.map(async (path) => ((await stat(path)).mode & 0o777).toString(8))),
    ).toEqual(["700", "700", "600", "700"]);
    expect(await readdir(join(root, ".partial~"))).toEqual([]);
    expect((await stat(join(root, "dt=2026-11-22", "x.parquet"))).nlink).toBe(1);
  });

  it("are there for whoever opens the folder next", async () => {
    await store.create("a/b", body);
    const next = createFolderStore(root, "file:///test");
    expect(await listKeys(next)).toEqual(["a/b"]);
    expect(await next.create("a/b", Buffer.from("other"))).toBe("exists");
    expect(Buffer.from(await next.read("a/b"))).toEqual(body);
  });

  it("serve as they are, without a copy", async () => {
    await store.create("a/b", body);
    expect(await store.asFile("a/b", parent)).toBe(join(root, "a", "b"));
    expect(await readdir(parent)).toEqual(["made"]);
  });

  it("take the folders that become empty with them, but not the root", async () => {
    await store.create("a/b/c", body);
    await store.create("a/d", body);
    await store.remove(["a/b/c"]);
    expect(await readdir(join(root, "a"))).toEqual(["d"]);
    await store.remove(["a/d"]);
    expect(await readdir(root)).toEqual([".partial~"]);
  });

  it("are created though others keep removing the last object of their day", async () => {
    for (const publish of [publishFile, publishByClaim]) {
      const shared = createFolderStore(root, "file:///test", publish);
      const create = async (name: string): Promise<void> => {
        for (let time = 0; time < 25; time++) {
          expect(await shared.create(`deep/day/${name}${time}`, body)).toBe("created");
          expect(await shared.remove([`deep/day/${name}${time}`])).toEqual([]);
        }
      };
      await Promise.all(["a", "b", "c"].map(create));
      expect(await listKeys(shared)).toEqual([]);
    }
  });
});

describe("the folder store's root", () => {
  const looks: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["create", () => store.create("new", body)],
    ["read", () => store.read("a/b")],
    ["asFile", () => store.asFile("a/b", parent)],
    ["list", () => listKeys(store)],
    ["remove", () => store.remove(["a/b"])],
  ];

  it.each([0o755, 0o711, 0o702, 0o704])(
    "is refused at the first use when every user may look into it: mode %o",
    async (mode) => {
      await store.create("a/b", body);
      await chmod(root, mode);
      for (const [, act] of looks) {
        store = createFolderStore(root, "file:///test");
        await expect(act()).rejects.toMatchObject({
          name: "UserError",
          exitCode: exitCode.config,
          message: expect.stringContaining(`run "chmod o-rwx ${root}"`),
        });
      }
      await chmod(root, 0o700);
      expect(await listKeys(store)).toEqual(["a/b"]);
    },
  );

  it("may be open to a group, and be a link to a folder", async () => {
    await store.create("a/b", body);
    await chmod(root, 0o750);
    await symlink(root, join(parent, "link"));
    for (const path of [root, join(parent, "link")]) {
      expect(await listKeys(createFolderStore(path, "file:///test"))).toEqual(["a/b"]);
    }
    await chmod(root, 0o755);
    await expect(listKeys(createFolderStore(join(parent, "link"), "file:///test"))).rejects.toThrow("chmod");
  });

  it("is made for this user only, with all that is made on the way, whatever the umask", async () => {
    const umask = process.umask(0);
    try {
      await store.create("dt=2026-11-22/deep/x", body);
    } finally {
      process.umask(umask);
    }
    const entries = await readdir(parent, { recursive: true, withFileTypes: true });
    const modes = entries.map(
      async (entry) =>
        `${entry.name} ${((await stat(join(entry.parentPath, entry.name))).mode & 0o777).toString(8)}`,
    );
    expect((await Promise.all(modes)).sort()).toEqual([
      ".partial~ 700",
      "deep 700",
      "dt=2026-11-22 700",
      "made 700",
      "root 700",
      "x 600",
    ]);
  });
});

describe("what is no object of the folder store's", () => {
  beforeEach(async () => {
    await store.create("real/file", body);
    await writeFile(join(parent, "outside"), "secret");
    await mkdir(join(parent, "elsewhere"));
    await writeFile(join(parent, "elsewhere", "file"), "secret");
    await symlink(join(parent, "outside"), join(root, "real", "link"));
    await symlink(join(parent, "elsewhere"), join(root, "linked"));
    execFileSync("mkfifo", [join(root, "real", "pipe")]);
    await mkdir(join(root, "real", "empty"));
    await writeFile(join(root, "real", "a name with spaces"), "x");
  });

  it("is not listed", async () => {
    expect(await listKeys(store)).toEqual(["real/file"]);
    expect(await listKeys(store, "linked/")).toEqual([]);
  });

  it("is shown once to whoever lists, as far as it was wanted, and not what hostlog itself is writing", async () => {
    await mkdir(join(root, "real", "no key ~"));
    await writeFile(join(root, "real", "no key ~", "file"), "x");
    await writeFile(join(root, "real", "é"), "x");
    const shown = async (prefix: string, startAfter = ""): Promise<readonly string[]> => {
      const names: string[] = [];
      for await (const { key } of store.list(prefix, { startAfter, onForeign: (name) => names.push(name) })) {
        expect(key).toBe("real/file");
      }
      return names.sort();
    };
    expect(await readdir(root)).toContain(".partial~");
    expect(await shown("")).toEqual([
      "linked",
      "real/a name with spaces",
      "real/link",
      "real/no key ~",
      "real/pipe",
      "real/é",
    ]);
    expect(await shown("real/l")).toEqual(["real/link"]);
    expect(await shown("", "real/link")).toEqual(["real/no key ~", "real/pipe", "real/é"]);
    expect(await shown("", "real/é")).toEqual([]);
  });

  it("is what NFS keeps of a removed file for its readers, neither listed nor removed", async () => {
    const kept = ".nfs000000000012ab3400000001";
    await writeFile(join(root, "real", kept), "x");
    const shown: string[] = [];
    for await (const { key } of store.list("real/", { onForeign: (name) => shown.push(name) })) {
      expect(key).toBe("real/file");
    }
    expect(shown).not.toContain(`real/${kept}`);
    expect(await store.remove(["real/file"])).toEqual([]);
    expect(await readdir(join(root, "real"))).toContain(kept);
  });

  it("is listed when it is a plain file that a key can name", async () => {
    await writeFile(join(root, "real", "notes.txt"), "x");
    expect(await listKeys(store)).toEqual(["real/file", "real/notes.txt"]);
  });

  it.each(["real/link", "real/pipe", "real/empty", "linked/file"])("is not read: %s", async (key) => {
    await expect(store.read(key)).rejects.toThrow(ObjectNotFoundError);
    await expect(store.asFile(key, parent)).rejects.toThrow(ObjectNotFoundError);
    await expect(store.digest(key)).rejects.toThrow(ObjectNotFoundError);
  });

  it.each(["real/link", "real/pipe", "real/empty", "linked/file"])("is not removed: %s", async (key) => {
    expect(await store.remove([key])).toMatchObject([{ key }]);
    expect(await readFile(join(parent, "elsewhere", "file"), "utf8")).toBe("secret");
    expect(await readdir(join(root, "real"))).toHaveLength(5);
  });

  it.each(["real/link", "real/pipe", "real/empty", "linked/new", "real/file/below"])(
    "is not taken for an object, nor written through: %s",
    async (key) => {
      await expect(store.create(key, Buffer.from("new"))).rejects.toMatchObject({
        exitCode: exitCode.integrity,
        message: expect.stringContaining("is in the way"),
      });
      expect(await readFile(join(parent, "outside"), "utf8")).toBe("secret");
      expect(await readdir(join(parent, "elsewhere"))).toEqual(["file"]);
      expect(await readdir(join(root, ".partial~"))).toEqual([]);
    },
  );
});

describe("the folder store's remove", () => {
  /** What a process leaves that dies between giving a file its final name and taking the first one away. */
  const leaveSecondName = async (key: string): Promise<void> => {
    await store.create(key, body);
    await link(join(root, key), join(root, ".partial~", "0123456789abcdef01234567"));
  };

  it("takes away the other name of the same bytes, and leaves what others are writing", async () => {
    await leaveSecondName("a/b");
    await writeFile(join(root, ".partial~", "another"), body);
    expect(await store.remove(["a/b"])).toEqual([]);
    expect(await readdir(join(root, ".partial~"))).toEqual(["another"]);
    expect(await listKeys(store)).toEqual([]);
  });

  it("fails, and keeps the key, while it cannot find out whether there is such a name", async () => {
    await leaveSecondName("a/b");
    await rename(join(root, ".partial~"), join(parent, "away"));
    await writeFile(join(root, ".partial~"), "no folder");
    await store.remove(["a/b"]).catch(() => {});
    expect(await listKeys(store)).toEqual(["a/b"]);
  });

  it("takes away what dead processes left, also when there is nothing to remove", async () => {
    await store.create("a/b", body);
    const left = join(root, ".partial~", "left");
    await writeFile(left, body);
    const twoDaysAgo = new Date(Date.now() - 2 * 86_400_000);
    await utimes(left, twoDaysAgo, twoDaysAgo);
    expect(await store.remove([])).toEqual([]);
    expect(await readdir(join(root, ".partial~"))).toEqual([]);
  });
});

describe("the folder store, in trouble", () => {
  it("says what to do when a file stands where its root should be", async () => {
    await writeFile(join(parent, "made"), "a file");
    const expected = {
      name: "UserError",
      exitCode: exitCode.config,
      message: expect.stringContaining("(ENOTDIR)"),
    };
    await expect(store.create("a", body)).rejects.toMatchObject(expected);
    await expect(listKeys(store)).rejects.toMatchObject(expected);
  });

  it("says what to do when the path is too long, and leaves nothing", async () => {
    const deep = createFolderStore(
      join(parent, ...Array.from({ length: 40 }, () => "x".repeat(100))),
      "file:///deep",
    );
    await expect(deep.create("a", body)).rejects.toMatchObject({
      exitCode: exitCode.config,
      message:
        "file:///deep: the path is too long for the file system; put the root nearer to / (ENAMETOOLONG)",
    });
  });

  it("lists past what it may not look into only with an error", async () => {
    await store.create("a/b", body);
    await chmod(join(root, "a"), 0o000);
    const keys = await listKeys(store).catch((error: unknown) => error);
    await chmod(join(root, "a"), 0o700);
    // The superuser may look into everything.
    if (process.getuid?.() === 0) expect(keys).toEqual(["a/b"]);
    else expect(keys).toBeInstanceOf(AccessDeniedError);
  });
});

describe("the folder store's list", () => {
  it("does not read the folders that startAfter and the prefix rule out", async () => {
    for (const day of ["21", "22", "23"]) await store.create(`dt=2026-11-${day}/x`, body);
    // A whole second, which every file system can store.
    const aDayAgo = new Date(Math.floor(Date.now() / 1000) * 1000 - 86_400_000);
    for (const day of ["21", "22", "23"]) await utimes(join(root, `dt=2026-11-${day}`), aDayAgo, aDayAgo);
    await listKeys(store, "dt=2026-11-2", "dt=2026-11-22/");
    const readTimes = ["21", "22", "23"].map(
      async (day) => (await stat(join(root, `dt=2026-11-${day}`))).atimeMs,
    );
    const [first = 0, second = 0] = await Promise.all(readTimes);
    expect(first).toBe(aDayAgo.getTime());
    expect(second).toBeGreaterThanOrEqual(first);
  });
});

describe("publishByClaim", () => {
  it("breaks the claim of a process that died holding it", async () => {
    await store.create("first", body);
    const partial = join(root, ".partial~");
    const from = join(partial, "own");
    await writeFile(from, "whole");
    const to = join(root, "claimed");
    const claim = claimPath(from, to);
    await mkdir(claim);
    await writeFile(join(claim, "of-the-dead"), "partial");
    const aMinuteAgo = new Date(Date.now() - 60_000);
    await utimes(claim, aMinuteAgo, aMinuteAgo);
    expect(await publishByClaim(from, to)).toBe("created");
    expect(await readFile(to, "utf8")).toBe("whole");
    expect(await readdir(partial)).toEqual([]);
  });

  it("keeps its file for another try when the folder is gone", async () => {
    const from = join(parent, "own");
    await writeFile(from, "whole");
    await expect(publishByClaim(from, join(parent, "missing", "x"))).rejects.toMatchObject({
      code: "ENOENT",
    });
    expect(await readFile(from, "utf8")).toBe("whole");
    expect(await readdir(parent)).toEqual(["own"]);
  });
});
