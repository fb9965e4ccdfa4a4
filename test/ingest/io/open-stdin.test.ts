import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, readlink, stat } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { type OpenLog } from "../../../ingest/io/open-log.ts";
import { openStdin } from "../../../ingest/io/open-stdin.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { compressedFile, gather, lines } from "./compressed-files.ts";

async function* inputOf(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

async function open(directory: string, ...chunks: readonly Uint8Array[]): Promise<OpenLog> {
  const log = await openStdin(inputOf(...chunks), directory, 5000);
  onTestFinished(() => log.close());
  return log;
}

/** What this process has open below the folder, deleted or not: the bytes that lie on the disk. */
async function openFilesBelow(folder: string): Promise<Buffer[]> {
  const found: Buffer[] = [];
  for (const number of await readdir("/proc/self/fd")) {
    const target = await readlink(`/proc/self/fd/${number}`).catch(() => "");
    if (target.startsWith(folder)) found.push(await readFile(`/proc/self/fd/${number}`));
  }
  return found;
}

describe("openStdin", () => {
  it("gives what came in, from any byte on, as often as it is asked to", async () => {
    const log = await open(
      await temporaryFolder(),
      lines.subarray(0, 3),
      Buffer.alloc(0),
      lines.subarray(3, 5),
      lines.subarray(5),
    );
    expect(log).toMatchObject({ name: "-", sizeBytes: lines.length, modifiedMs: 5000, compression: "none" });
    for (const offset of [0, 0, 1, 100_001, lines.length]) {
      expect((await gather(log.read(offset))).bytes.equals(lines.subarray(offset))).toBe(true);
    }
  });

  it("can be read twice at the same time", async () => {
    const log = await open(await temporaryFolder(), lines);
    const both = await Promise.all([gather(log.read(0)), gather(log.read(50))]);
    expect(both.map(({ bytes }) => bytes.length)).toEqual([lines.length, lines.length - 50]);
  });

  it("takes compressed input, which may come in pieces of a byte", async () => {
    for (const file of [gzipSync(lines), compressedFile("lines.bz2"), compressedFile("lines.zst")]) {
      const log = await open(
        await temporaryFolder(),
        ...[0, 1, 2, 3].map((at) => file.subarray(at, at + 1)),
        file.subarray(4),
      );
      expect(log.sizeBytes).toBe(file.length);
      expect((await gather(log.read(10))).bytes.equals(lines.subarray(10))).toBe(true);
    }
  });

  it("takes nothing at all", async () => {
    const log = await open(await temporaryFolder());
    expect([log.sizeBytes, (await gather(log.read(0))).bytes.length]).toEqual([0, 0]);
  });

  it("leaves nothing readable on the disk while it waits: no name, and no line", async () => {
    const directory = join(await temporaryFolder(), "stdin");
    const canary = `canary-${randomBytes(16).toString("hex")}`;
    const input = Buffer.from(`${canary}\n`.repeat(10_000));
    // Twice the same, so that equal bytes would show as equal bytes.
    const logs = [await open(directory, input), await open(directory, input)];
    expect(await readdir(directory)).toEqual([]);
    const onDisk = await openFilesBelow(directory);
    expect(onDisk.map(({ length }) => length)).toEqual([input.length, input.length]);
    for (const bytes of onDisk) {
      for (const form of [canary, Buffer.from(canary).toString("base64").slice(0, 40), canary.slice(7)]) {
        expect(bytes.includes(form)).toBe(false);
      }
      // No two of its first 32-byte parts are alike, though those of the input are.
      const parts = Array.from({ length: 1000 }, (_, i) =>
        bytes.subarray(i * 40, i * 40 + 40).toString("hex"),
      );
      expect(new Set(parts).size).toBe(parts.length);
    }
    expect(onDisk[0]?.equals(onDisk[1] ?? input)).toBe(false);
    for (const log of logs) expect((await gather(log.read(0))).bytes.equals(input)).toBe(true);
  });

  it("makes its folder, for this user only", async () => {
    const directory = join(await mkdtemp(join(await temporaryFolder(), "state-")), "stdin");
    await open(directory, lines);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  it("leaves nothing open when the input fails", async () => {
    const directory = await temporaryFolder();
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield lines;
      throw new Error("the pipe broke");
    };
    await expect(openStdin(broken(), directory, 0)).rejects.toThrow("the pipe broke");
    expect(await openFilesBelow(directory)).toEqual([]);
    expect(await readdir(directory)).toEqual([]);
  });

  it("leaves nothing open when it cannot unpack the input", async () => {
    const directory = await temporaryFolder();
    await expect(open(directory, Buffer.from("fd377a585a0000", "hex"))).rejects.toThrow("xz");
    expect(await openFilesBelow(directory)).toEqual([]);
  });

  it("leaves nothing when it is closed", async () => {
    const directory = await temporaryFolder();
    const log = await openStdin(inputOf(lines), directory, 0);
    expect(await openFilesBelow(directory)).toHaveLength(1);
    await log.close();
    expect(await openFilesBelow(directory)).toEqual([]);
  });
});
