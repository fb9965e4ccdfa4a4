import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import type * as fileDigester from "../../src/store/folder/file-digester.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

// Threads run what was built.
const built = new URL("../../dist/src/store/folder/file-digester.js", import.meta.url).href;
const { createFileDigester } = (await import(built)) as typeof fileDigester;

function digesterOf(threadsMax: number, aloneBytesMax: number): fileDigester.FileDigester {
  const digester = createFileDigester(threadsMax, aloneBytesMax);
  onTestFinished(() => digester.close());
  return digester;
}

describe("createFileDigester", () => {
  it.each([
    ["in the caller's thread", 0, 0],
    ["on one thread", 1, 0],
    ["on two threads", 2, 0],
    ["on threads once enough was read", 2, 400_000],
  ])("says of each file what its own bytes come to: %s", async (_how, threads, aloneBytes) => {
    const root = await temporaryFolder();
    const sizes = [0, 1, 4095, 4096, 4097, 262_143, 262_144, 262_145, 1_000_000];
    const files = sizes.map((size, index) => ({ key: `d/${index}`, bytes: Buffer.alloc(size, `${index} `) }));
    await mkdir(join(root, "d"));
    await Promise.all(files.map(({ key, bytes }) => writeFile(join(root, key), bytes)));
    const digester = digesterOf(threads, aloneBytes);
    for (let round = 0; round < 2; round++) {
      const digests = await Promise.all(files.map(({ key }) => digester.digest(root, key)));
      for (const [index, { bytes }] of files.entries()) {
        expect(digests[index]?.sizeBytes).toBe(bytes.length);
        expect(digests[index]?.sha256).toBe(createHash("sha256").update(bytes).digest("hex"));
        expect(Buffer.from(digests[index]?.start ?? []).equals(bytes.subarray(0, 4096))).toBe(true);
      }
    }
  });

  it.each([
    ["in the caller's thread", 0],
    ["on a thread", 1],
  ])("opens regular files in real folders only, and says the system's error: %s", async (_how, threads) => {
    const root = await temporaryFolder();
    await mkdir(join(root, "real", "empty"), { recursive: true });
    await writeFile(join(root, "real", "file"), "secret");
    await symlink(join(root, "real"), join(root, "linked"));
    await symlink(join(root, "real", "file"), join(root, "real", "link"));
    await promisify(execFile)("mkfifo", [join(root, "real", "pipe")]);
    const digester = digesterOf(threads, 0);
    const others = [
      "linked/file",
      "real/link",
      "real/pipe",
      "real/empty",
      "real/none",
      "none/file",
      "real/file/x",
    ];
    for (const key of others) expect(await digester.digest(root, key), key).toBeUndefined();
    await expect(digester.digest(root, `real/${"x".repeat(300)}`)).rejects.toMatchObject({
      code: "ENAMETOOLONG",
    });
    expect(await digester.digest(root, "real/file")).toMatchObject({ sizeBytes: 6 });
  });

  it("fails what is asked of threads that have ended, rather than keep it waiting", async () => {
    const root = await temporaryFolder();
    await writeFile(join(root, "file"), Buffer.alloc(50_000_000));
    const digester = createFileDigester(1, 0);
    const asked = digester.digest(root, "file").catch((error: unknown) => error);
    await digester.close();
    expect(await asked).toMatchObject({ message: expect.stringContaining("ended") });
  });

  it("keeps the process while something is asked, and no longer", async () => {
    const root = await temporaryFolder();
    await writeFile(join(root, "file"), "x".repeat(3_000_000));
    const script = join(root, "script.mjs");
    await writeFile(
      script,
      `import { createFileDigester } from ${JSON.stringify(built)};
       const digester = createFileDigester(1, 0);
       await digester.digest(${JSON.stringify(root)}, "none");
       const { sizeBytes } = await digester.digest(${JSON.stringify(root)}, "file");
       process.stdout.write(String(sizeBytes));`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 15_000 });
    expect(stdout).toBe("3000000");
  });
});
