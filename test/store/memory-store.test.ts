import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { describeObjectStore } from "../contract/object-store.ts";
import { createMemoryStore } from "../support/memory-store.ts";

describeObjectStore("the memory store", async () => ({
  store: createMemoryStore("memory:"),
  async dispose() {},
}));

describe("two stores that hold one key", () => {
  it("make two files in one folder", async () => {
    const directory = await mkdtemp(join(tmpdir(), "hostlog-two-stores-"));
    const paths: string[] = [];
    for (const name of ["raw", "quarantine"]) {
      const store = createMemoryStore(`memory:${name}`);
      await store.create("same", Buffer.from(name));
      paths.push(await store.asFile("same", directory));
    }
    expect(await Promise.all(paths.map((path) => readFile(path, "utf8")))).toEqual(["raw", "quarantine"]);
    await rm(directory, { recursive: true });
  });
});
