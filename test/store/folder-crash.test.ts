import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createFolderStore } from "../../src/store/folder-store.ts";
import { compileForChild } from "../support/compile-for-child.ts";
import { listKeys } from "../support/list-keys.ts";

const source = fileURLToPath(new URL("../support/create-for-ever.ts", import.meta.url));
const kills = 6;

let compiled: string;
let program: string;
let root: string;

beforeAll(async () => {
  compiled = await mkdtemp(join(tmpdir(), "hostlog-folder-crash-program-"));
  program = compileForChild(source, compiled);
});
afterAll(() => rm(compiled, { recursive: true }));

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "hostlog-folder-crash-"));
});
afterEach(() => rm(root, { recursive: true }));

describe.each(["link", "claim"])("a process that creates objects by %s and is killed", (way) => {
  it("leaves whole objects only, and every one that it said was created", async () => {
    const created: string[] = [];
    for (let round = 0; round < kills; round++) {
      created.push(...(await createUntilKilled(`${round * 10_000}`, way, round * 7)));
    }
    const store = createFolderStore(root, "file:///test");
    const listed = await listKeys(store);
    expect(created.length).toBeGreaterThanOrEqual(kills);
    expect(listed).toEqual(expect.arrayContaining(created));
    for (const key of listed) {
      const value = Number(key.split("/")[1]) & 0xff;
      expect(Buffer.from(await store.read(key)).equals(Buffer.alloc(200_000, value))).toBe(true);
    }
  });
});

describe("what a dead process left behind", () => {
  it("is never listed, and gone with the first removal a day later", async () => {
    await createUntilKilled("0", "link", 5);
    const store = createFolderStore(root, "file:///test");
    await store.create("mine", Uint8Array.of(1));
    const partial = join(root, ".partial~");
    const young = (await readdir(partial)).length;
    await store.remove(["gone"]);
    expect(await readdir(partial)).toHaveLength(young);

    const twoDaysAgo = new Date(Date.now() - 2 * 86_400_000);
    for (const name of await readdir(partial)) await utimes(join(partial, name), twoDaysAgo, twoDaysAgo);
    await store.remove(["gone"]);
    expect(await readdir(partial)).toEqual([]);
    expect(await listKeys(store)).toContain("mine");
  });
});

async function createUntilKilled(first: string, way: string, afterMs: number): Promise<readonly string[]> {
  const child = spawn(process.execPath, [program, root, first, way], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  await once(child.stdout, "data");
  await delay(afterMs);
  child.kill("SIGKILL");
  await once(child, "close");
  return output.split("\n").slice(0, -1);
}
