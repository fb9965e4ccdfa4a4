import { randomBytes } from "node:crypto";
import zlib, { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { DamagedLogError } from "../../../ingest/io/damaged-log-error.ts";
import type { Decoder } from "../../../ingest/io/decoder.ts";
import { type Compression, compressionOf, decompress } from "../../../ingest/io/decompress.ts";
import {
  createFrameDecoder,
  createScriptFrameDecoder,
  createZstdDecoder,
} from "../../../ingest/io/zstd-decoder.ts";
import { chunksOf, compressedFile, gather, lines, runs, unpack } from "./compressed-files.ts";

const files: readonly (readonly [Compression, string, Buffer, Buffer])[] = [
  ["gzip", "lines", gzipSync(lines), lines],
  ["gzip", "runs", gzipSync(runs), runs],
  ["gzip", "nothing", gzipSync(""), Buffer.alloc(0)],
  ["bzip2", "lines", compressedFile("lines.bz2"), lines],
  ["bzip2", "runs", compressedFile("runs.bz2"), runs],
  ["bzip2", "nothing", compressedFile("empty.bz2"), Buffer.alloc(0)],
  ["zstd", "lines", compressedFile("lines.zst"), lines],
  ["zstd", "runs", compressedFile("runs.zst"), runs],
  ["zstd", "nothing", compressedFile("empty.zst"), Buffer.alloc(0)],
];

/** One of each compression. */
const lineFiles = files.filter(([, name]) => name === "lines");
const runFiles = files.filter(([, name]) => name === "runs");

describe("compressionOf", () => {
  it("goes by the first bytes", () => {
    for (const [compression, , file] of files) expect(compressionOf(file.subarray(0, 6))).toBe(compression);
    expect(compressionOf(Buffer.from("192.0."))).toBe("none");
    expect(compressionOf(Buffer.from("B"))).toBe("none");
    expect(compressionOf(Buffer.alloc(0))).toBe("none");
  });

  it.each([
    ["xz", "fd377a585a00"],
    ["zip", "504b03041400"],
  ])("says what to do about %s", (_name, hex) => {
    expect(() => compressionOf(Buffer.from(hex, "hex"))).toThrow(/unpack it/);
  });
});

describe("decompress", () => {
  it.each(files)(
    "unpacks %s of %s, whatever the chunks it comes in",
    async (compression, _name, file, content) => {
      for (const chunkBytes of [256 * 1024, 4099, 7, ...(file.length < 1000 ? [1] : [])]) {
        const { bytes, failure } = await unpack(compression, file, chunkBytes);
        expect(failure).toBeUndefined();
        expect(bytes.equals(content)).toBe(true);
      }
    },
  );

  it.each(lineFiles)(
    "unpacks several files of %s laid end to end",
    async (compression, _name, file, content) => {
      const empty =
        files.find(([other, name]) => other === compression && name === "nothing")?.[2] ?? Buffer.alloc(0);
      const { bytes, failure } = await unpack(compression, Buffer.concat([file, empty, file, file]), 5000);
      expect(failure).toBeUndefined();
      expect(bytes.equals(Buffer.concat([content, content, content]))).toBe(true);
    },
  );

  it.each(lineFiles)("gives chunks of %s of at most 256 KiB", async (compression, _name, file) => {
    for await (const chunk of decompress(compression, chunksOf(file)))
      expect(chunk.length).toBeLessThanOrEqual(256 * 1024);
  });

  it.each(runFiles)(
    "gives what is good of %s that is cut off anywhere, and says that it is cut off",
    async (compression, _name, file, content) => {
      for (let length = 4; length < file.length; length += 3) {
        const { bytes, failure } = await unpack(compression, file.subarray(0, length));
        expect(failure).toBeInstanceOf(DamagedLogError);
        expect(bytes.equals(content.subarray(0, bytes.length))).toBe(true);
      }
    },
  );

  it.each(lineFiles)(
    "gives all of %s that lies before garbage, and says that there is garbage",
    async (compression, _name, file, content) => {
      for (const garbage of [
        "x",
        "garbage behind the end",
        "\x1f\x8b",
        "BZh",
        "\0\0x",
        randomBytes(40_000),
      ]) {
        for (const chunkBytes of [256 * 1024, file.length]) {
          const { bytes, failure } = await unpack(
            compression,
            Buffer.concat([file, Buffer.from(garbage)]),
            chunkBytes,
          );
          expect(failure).toBeInstanceOf(DamagedLogError);
          expect(bytes.equals(content)).toBe(true);
        }
      }
    },
  );

  it.each(lineFiles)(
    "gives what is good of a second file of %s that is damaged",
    async (compression, _name, file, content) => {
      const damaged = Buffer.from(file);
      const at = Math.floor(file.length * 0.6);
      damaged.fill(0xff, at, at + 20);
      const { bytes, failure } = await unpack(compression, Buffer.concat([file, damaged]));
      expect(failure).toBeInstanceOf(DamagedLogError);
      expect(bytes.subarray(0, content.length).equals(content)).toBe(true);
      const second = bytes.subarray(content.length);
      if (compression === "bzip2") expect(second.equals(content.subarray(0, second.length))).toBe(true);
    },
  );

  it("loses of damaged gzip data nothing that came out before the damage", async () => {
    const file = gzipSync(lines);
    const at = Math.floor(file.length * 0.6);
    const damaged = Buffer.concat([file.subarray(0, at), Buffer.alloc(30, 0xff), file.subarray(at + 30)]);
    const { bytes } = await unpack("gzip", damaged);
    const intact = gunzipSync(file.subarray(0, at), { finishFlush: zlib.constants.Z_SYNC_FLUSH });
    expect(bytes.length).toBeGreaterThanOrEqual(intact.length);
    expect(bytes.subarray(0, intact.length).equals(intact)).toBe(true);
  });

  it("ends where a padding of zeros begins, and says so when more than zeros follows", async () => {
    const file = gzipSync(lines);
    for (const chunkBytes of [256 * 1024, file.length]) {
      expect(await unpack("gzip", Buffer.concat([file, Buffer.alloc(70_000)]), chunkBytes)).toEqual({
        bytes: lines,
        failure: undefined,
      });
      const { bytes, failure } = await unpack(
        "gzip",
        Buffer.concat([file, Buffer.alloc(70_000), file]),
        chunkBytes,
      );
      expect(bytes.equals(lines)).toBe(true);
      expect(failure).toBeInstanceOf(DamagedLogError);
    }
  });

  it.each(runFiles)(
    "throws nothing but that %s is damaged, whichever byte of it was changed",
    async (compression, _name, file) => {
      for (let at = 3; at < file.length; at += 5) {
        const changed = Buffer.from(file);
        changed[at] = (changed[at] ?? 0) ^ 0x55;
        const { failure } = await unpack(compression, changed);
        if (failure !== undefined) expect(failure).toBeInstanceOf(DamagedLogError);
      }
    },
  );

  it("passes on what the reader of the file throws", async () => {
    const trouble = new Error("the disk is gone");
    const reader = async function* (): AsyncGenerator<Uint8Array> {
      yield gzipSync(lines).subarray(0, 1000);
      throw trouble;
    };
    expect((await gather(decompress("gzip", reader))).failure).toBe(trouble);
  });

  it("can be left at any time", async () => {
    for (const [compression, , file] of lineFiles) {
      for await (const chunk of decompress(compression, chunksOf(file, 100))) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
    }
  });

  const bombs: readonly (readonly [Compression, () => Buffer, number])[] = [
    ["gzip", () => gzipSync(Buffer.alloc(100_000_000)), 100_000_000],
    // One block stands for 46 MB.
    ["bzip2", () => compressedFile("zeros-60mb.bz2"), 60_000_000],
    ["zstd", () => compressedFile("zeros-100mb.zst"), 100_000_000],
  ];

  it.each(bombs)(
    "unpacks a small file of %s that holds very much in little memory",
    async (compression, open, length) => {
      const file = open();
      expect(file.length).toBeLessThan(length / 1000);
      global.gc?.();
      const before = process.memoryUsage().arrayBuffers;
      let most = 0;
      let sum = 0;
      for await (const chunk of decompress(compression, chunksOf(file))) {
        sum += chunk.length;
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      }
      expect(sum).toBe(length);
      expect(most).toBeLessThan(48 * 1024 * 1024);
    },
  );
});

describe("createZstdDecoder", () => {
  const builtIn: readonly (readonly [string, () => Decoder])[] =
    "createZstdDecompress" in zlib ? [["Node's own decoder", createFrameDecoder]] : [];
  const decoders = [["the decoder in JavaScript", createScriptFrameDecoder] as const, ...builtIn];

  async function* decode(
    openFrame: () => Decoder,
    file: Uint8Array,
    portionBytes: number,
  ): AsyncGenerator<Uint8Array> {
    const decoder = createZstdDecoder(openFrame);
    for (let at = 0; at < file.length; at += portionBytes)
      yield* decoder.push(Uint8Array.from(file.subarray(at, at + portionBytes)));
    yield* decoder.finish();
  }

  /** A frame without data: its magic number, its length, and what other programs put there. */
  const skippable = Buffer.concat([Buffer.from("502a4d1805000000", "hex"), Buffer.from("hello")]);
  const emptySkippable = Buffer.from("5f2a4d1800000000", "hex");

  it.each(decoders)(
    "by %s unpacks frames laid end to end, and leaves out those without data, wherever it is cut",
    async (_name, openFrame) => {
      const file = compressedFile("runs.zst");
      const empty = compressedFile("empty.zst");
      const all = Buffer.concat([skippable, file, emptySkippable, empty, skippable, file, skippable]);
      for (let portionBytes = 1; portionBytes < 40; portionBytes++) {
        const { bytes, failure } = await gather(decode(openFrame, all, portionBytes));
        expect(failure).toBeUndefined();
        expect(bytes.equals(Buffer.concat([runs, runs]))).toBe(true);
      }
    },
  );

  it.each(decoders)(
    "by %s unpacks blocks that are plain, repeat a byte, or are empty",
    async (_name, openFrame) => {
      // A window of 1 KiB; the blocks "abc" (plain), 1000 times "x" (one byte), and nothing, which is the last.
      const file = Buffer.from("28b52ffd0000180000616263421f0078010000", "hex");
      expect(await gather(decode(openFrame, file, 512))).toEqual({
        bytes: Buffer.from(`abc${"x".repeat(1000)}`),
        failure: undefined,
      });
    },
  );

  it.each(decoders)(
    "by %s refuses a frame that asks for more than 128 MiB of memory, and says what to do",
    async (_name, openFrame) => {
      for (const header of ["28b52ffd0089", "28b52ffda001000008"]) {
        const { failure } = await gather(decode(openFrame, Buffer.from(`${header}010000`, "hex"), 512));
        expect(failure).toBeInstanceOf(DamagedLogError);
        expect(failure).toMatchObject({ message: expect.stringContaining("128 MiB") });
      }
      const most = Buffer.from("28b52ffd0088010000", "hex");
      expect((await gather(decode(openFrame, most, 512))).failure).toBeUndefined();
    },
  );

  it.each(decoders)(
    "by %s says when the file ends between blocks, in a header or in a frame without data",
    async (_name, openFrame) => {
      const frame = "28b52ffd0000180000616263";
      for (const file of [frame, "28b52f", "28b52ffd00", "502a4d18050000006865", `${frame}0100`]) {
        expect((await gather(decode(openFrame, Buffer.from(file, "hex"), 512))).failure).toBeInstanceOf(
          DamagedLogError,
        );
      }
    },
  );
});

describe("a bzip2 file", () => {
  it("whose last checksum is another has something wrong with it, though each block is as it was", async () => {
    const file = compressedFile("lines.bz2");
    file[file.length - 3] = (file[file.length - 3] ?? 0) ^ 0xff;
    const { bytes, failure } = await unpack("bzip2", file);
    expect(bytes.equals(lines)).toBe(true);
    expect(failure).toBeInstanceOf(DamagedLogError);
  });
});

describe("a bzip2 file that was made to do harm", () => {
  /** One block over the byte `a` alone, whose symbols are RUNA 00, RUNB 01 and the end of the block 10. */
  function blockOf(symbols: string, origin = 0): Buffer {
    const bits = (value: number, count: number): string => value.toString(2).padStart(count, "0");
    const alphabet = bits(0x0200, 16) + bits(0x4000, 16);
    const code = bits(2, 5) + "000";
    const block =
      bits(0x3141_5926_5359, 48) +
      bits(0, 32) +
      "0" +
      bits(origin, 24) +
      alphabet +
      bits(2, 3) +
      bits(1, 15) +
      "0" +
      code +
      code +
      symbols;
    const padded = block.padEnd(Math.ceil(block.length / 8) * 8 + 64, "0");
    const bytes = padded.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? [];
    return Buffer.concat([Buffer.from("BZh1"), Uint8Array.from(bytes)]);
  }

  it.each([
    ["a run so long that its length overflows", blockOf(`${"00".repeat(32)}10`)],
    ["a run of more bytes than a block holds", blockOf(`${"00".repeat(20)}10`)],
    ["a run of more bytes than anybody could wait for", blockOf(`${"00".repeat(30)}10`)],
    ["more symbols than it announces", blockOf("11".repeat(60))],
    ["no byte at all", blockOf("10")],
    ["a first byte outside the block", blockOf("0010", 5)],
    ["a wrong checksum", blockOf("0010")],
  ])("by %s is damaged, and nothing comes of it", async (_name, file) => {
    const { bytes, failure } = await unpack("bzip2", file);
    expect(failure).toBeInstanceOf(DamagedLogError);
    expect(bytes).toHaveLength(0);
  });
});
