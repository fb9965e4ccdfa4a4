import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { againWhenStale } from "../../src/store/folder/again-when-stale.ts";
import { describeFileSystem, fileSystemOf } from "../../src/store/folder/file-system.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

describe("the file system of a folder store", () => {
  it.each([
    [0xef53, "local", "survive a power loss"],
    [0x794c7630, "local", "layer of a container"],
    [0x01021994, "memory", "gone with the next restart"],
    [0x6969, "nfs", "acdirmax"],
    [0xfe534d42, "smb", "Folders cannot be synced"],
    // As a 32-bit system gives it.
    [0xff534d42 | 0, "smb", "Folders cannot be synced"],
    [0x65735546, "fuse", "write s3://bucket/prefix"],
    [1, "unknown", "Nothing is known"],
  ])("of the number %i is %s, and what it promises is said", (type, kind, promise) => {
    expect(fileSystemOf(type)).toMatchObject({ kind, promise: expect.stringContaining(promise) });
  });

  it("is found for a folder that does not exist yet", async () => {
    const folder = await temporaryFolder();
    const found = await describeFileSystem(folder);
    expect(found.promise).not.toBe("");
    expect(await describeFileSystem(join(folder, "not", "made"))).toEqual(found);
    // Linux keeps this one in memory, everywhere.
    expect((await describeFileSystem("/dev/shm")).kind).toBe("memory");
  });
});

describe("againWhenStale", () => {
  const stale = (): never => {
    throw Object.assign(new Error("stale"), { code: "ESTALE" });
  };

  it("looks once more for what another machine has replaced", async () => {
    let calls = 0;
    expect(await againWhenStale(async () => (++calls === 1 ? stale() : calls))).toBe(2);
  });

  it("gives up what stays stale, and does nothing twice for other trouble", async () => {
    let calls = 0;
    await expect(
      againWhenStale(async () => {
        calls++;
        stale();
      }),
    ).rejects.toMatchObject({ code: "ESTALE" });
    await expect(
      againWhenStale(async () => {
        calls++;
        throw new Error("other");
      }),
    ).rejects.toThrow("other");
    expect(calls).toBe(3);
  });
});
