import { execFile } from "node:child_process";
import { appendFile, mkdir, rename, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { DamagedLogError } from "../../../ingest/io/damaged-log-error.ts";
import { CHUNK_BYTES, type OpenLog, openLog } from "../../../ingest/io/open-log.ts";
import { skipTo } from "../../../ingest/io/skip-to.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { gather, lines } from "./compressed-files.ts";

async function openFile(
  name: string,
  bytes: Uint8Array,
): Promise<{ readonly path: string; readonly log: OpenLog }> {
  const path = join(await temporaryFolder(), name);
  await writeFile(path, bytes);
  const log = await openLog(path);
  onTestFinished(() => log.close());
  return { path, log };
}

async function readAll(log: OpenLog, offset = 0): Promise<Buffer> {
  const { bytes, failure } = await gather(log.read(offset));
  expect(failure).toBeUndefined();
  return bytes;
}

describe("openLog", () => {
  it("knows a file's name, size and time, and reads it from any byte on, as often as it is asked to", async () => {
    const { path, log } = await openFile("access.log", lines);
    expect(log).toMatchObject({ name: path, sizeBytes: lines.length, compression: "none" });
    for (const offset of [0, 1, 70_000, lines.length - 1, lines.length, 0]) {
      expect((await readAll(log, offset)).equals(lines.subarray(offset))).toBe(true);
    }
  });

  it("goes by what a file holds, whatever it is called", async () => {
    const { log } = await openFile("access.log", gzipSync(lines));
    expect(log).toMatchObject({ compression: "gzip", sizeBytes: gzipSync(lines).length });
    for (const offset of [0, 100_000, lines.length]) {
      expect((await readAll(log, offset)).equals(lines.subarray(offset))).toBe(true);
    }
    expect((await openFile("access.log.gz", lines)).log.compression).toBe("none");
  });

  it("knows when the file was last written", async () => {
    const path = join(await temporaryFolder(), "access.log");
    await writeFile(path, "x\n");
    await utimes(path, 1000, 2000);
    const log = await openLog(path);
    expect(log.modifiedMs).toBe(2_000_000);
    await log.close();
  });

  it("reads an empty file", async () => {
    const { log } = await openFile("access.log", Buffer.alloc(0));
    expect([log.sizeBytes, log.compression, (await readAll(log)).length]).toEqual([0, "none", 0]);
  });

  it("says how much of the file itself has been read", async () => {
    for (const bytes of [lines, gzipSync(lines)]) {
      const { log } = await openFile("access.log", bytes);
      const progress: number[] = [];
      await gather(log.read(0, (fileBytes) => progress.push(fileBytes)));
      expect(progress.at(-1)).toBe(bytes.length);
      expect(progress).toEqual([...progress].sort((a, b) => a - b));
    }
  });

  it("gives chunks of at most 256 KiB", async () => {
    for (const bytes of [Buffer.alloc(700_000, "x\n"), gzipSync(Buffer.alloc(700_000, "x\n"))]) {
      const { log } = await openFile("access.log", bytes);
      for await (const chunk of log.read(3)) expect(chunk.length).toBeLessThanOrEqual(CHUNK_BYTES);
    }
  });

  it("reads the file that was opened, also when it is renamed, replaced or appended to", async () => {
    const { path, log } = await openFile("access.log", lines);
    await rename(path, `${path}.1`);
    await appendFile(`${path}.1`, "behind\n");
    await writeFile(path, "another\n");
    expect((await readAll(log)).equals(lines)).toBe(true);
  });

  it.each([
    ["before it is read", async (path: string): Promise<void> => truncate(path, 1000), 1000],
    ["to nothing", async (path: string): Promise<void> => truncate(path, 0), 0],
  ])("gives what is left of a file that is made shorter %s, and says so", async (_name, shorten, left) => {
    const { path, log } = await openFile("access.log", lines);
    await shorten(path);
    const { bytes, failure } = await gather(log.read(0));
    expect(bytes.equals(lines.subarray(0, left))).toBe(true);
    expect(failure).toBeInstanceOf(DamagedLogError);
    expect(failure).toMatchObject({ message: expect.stringContaining("shorter") });
  });

  it("says so when a file is made shorter between two chunks, compressed or not", async () => {
    for (const bytes of [Buffer.alloc(CHUNK_BYTES * 3, "x\n"), gzipSync(lines)]) {
      const { path, log } = await openFile("access.log", bytes);
      const shortened = async function* (): AsyncGenerator<Uint8Array> {
        if (log.compression !== "none") await truncate(path, 100);
        for await (const chunk of log.read(0)) {
          yield chunk;
          await truncate(path, 100);
        }
      };
      expect((await gather(shortened())).failure).toBeInstanceOf(DamagedLogError);
    }
  });

  it("follows a symbolic link, as operators use them", async () => {
    const { path } = await openFile("access.log", lines);
    await symlink(path, `${path}.link`);
    const log = await openLog(`${path}.link`);
    expect((await readAll(log)).equals(lines)).toBe(true);
    await log.close();
  });

  it("refuses a pipe that nobody writes to, without waiting for it", async () => {
    const path = join(await temporaryFolder(), "pipe");
    await promisify(execFile)("mkfifo", [path]);
    await expect(openLog(path)).rejects.toThrow("no regular file");
  });

  it("refuses a folder, a device and a socket", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "logs"));
    await expect(openLog(join(folder, "logs"))).rejects.toThrow("no regular file");
    await expect(openLog("/dev/zero")).rejects.toThrow("no regular file");
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(folder, "socket"), resolve));
    await expect(openLog(join(folder, "socket"))).rejects.toThrow();
    server.close();
  });

  it("throws what the system says of a file that is not there", async () => {
    await expect(openLog(join(await temporaryFolder(), "none"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("says what to do about a compression that it does not know", async () => {
    await expect(openFile("access.log.xz", Buffer.from("fd377a585a0000", "hex"))).rejects.toThrow("xz");
  });
});

describe("skipTo", () => {
  it("leaves out the first bytes, wherever chunks end, and cuts what is too long", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 9 })),
        fc.nat(40),
        fc.integer({ min: 1, max: 10 }),
        async (parts, offset, most) => {
          const chunks = async function* (): AsyncGenerator<Uint8Array> {
            yield* parts;
          };
          const found: Buffer[] = [];
          for await (const chunk of skipTo(offset, chunks(), most)) found.push(Buffer.from(chunk));
          expect(Buffer.concat(found).equals(Buffer.concat(parts).subarray(offset))).toBe(true);
          expect(found.every(({ length }) => length > 0 && length <= most)).toBe(true);
        },
      ),
    );
  });
});
