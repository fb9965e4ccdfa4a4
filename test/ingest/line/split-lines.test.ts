import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createLineSplitter,
  feedLines,
  finishLines,
  HEAD_BYTES,
  type LineSink,
} from "../../../ingest/line/split-lines.ts";
import { sha256Hex } from "../../../src/sha256.ts";

type Found =
  | { readonly kind: "line"; readonly text: string; readonly offset: number; readonly next: number }
  | { readonly kind: "hole"; readonly offset: number; readonly next: number }
  | {
      readonly kind: "overlong";
      readonly head: string;
      readonly offset: number;
      readonly next: number;
      readonly lineBytes: number;
      readonly sha256: string;
    };

function collector(found: Found[]): LineSink {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
  return {
    line: (bytes, start, end, offset, next) =>
      void found.push({ kind: "line", text: text(bytes.subarray(start, end)), offset, next }),
    hole: (offset, next) => void found.push({ kind: "hole", offset, next }),
    overlong: (head, offset, next, lineBytes, sha256) =>
      void found.push({ kind: "overlong", head: text(head), offset, next, lineBytes, sha256 }),
  };
}

/** As it says in the comments of the interface, with all bytes at hand. */
function splitNaively(bytes: Buffer, from: number, lineBytesMax: number): Found[] {
  const found: Found[] = [];
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline === -1 ? bytes.length : newline;
    const next = from + (newline === -1 ? bytes.length : newline + 1);
    let first = start;
    while (first < end && bytes[first] === 0) first++;
    const line = bytes.subarray(first, end);
    const offset = from + first;
    if (first === end && first > start) found.push({ kind: "hole", offset: from + start, next });
    else if (line.length > lineBytesMax) {
      const head = line.subarray(0, HEAD_BYTES).toString("latin1");
      found.push({ kind: "overlong", head, offset, next, lineBytes: line.length, sha256: sha256Hex(line) });
    } else {
      const isReturn = line.at(-1) === 0x0d;
      found.push({
        kind: "line",
        text: line.subarray(0, line.length - (isReturn ? 1 : 0)).toString("latin1"),
        offset,
        next,
      });
    }
    start = next - from;
  }
  return found;
}

/** Feeds the bytes cut at `cuts`, each chunk in the same buffer, as a reader does that uses it again. */
function split(bytes: Buffer, cuts: readonly number[], from = 0, lineBytesMax = 1_000_000): Found[] {
  const found: Found[] = [];
  const sink = collector(found);
  const splitter = createLineSplitter(from, lineBytesMax);
  const buffer = Buffer.alloc(bytes.length + 2, "!");
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b,
  );
  for (const [index, start] of places.entries()) {
    const chunk = bytes.subarray(start, places[index + 1] ?? bytes.length);
    buffer.fill("!");
    buffer.set(chunk, 1);
    const linesBefore = found.length;
    const end = feedLines(splitter, buffer.subarray(1, 1 + chunk.length), sink);
    expect(end).toBe(chunk.lastIndexOf(0x0a) + 1);
    expect(found.length - linesBefore).toBe(chunk.filter((byte) => byte === 0x0a).length);
  }
  const isRest = bytes.length > 0 && bytes.at(-1) !== 0x0a;
  expect(finishLines(splitter, sink)).toBe(isRest);
  expect(finishLines(splitter, sink)).toBe(false);
  expect(splitter.offset).toBe(from + bytes.length);
  return found;
}

const anyBytes = fc
  .array(
    fc.oneof(
      fc.constantFrom("\n", "\0", "\r", "\0\0\0", "\r\n", "\n\n", "a", "bcdef"),
      fc.constant("x").map((x) => x.repeat(7)),
    ),
    {
      maxLength: 40,
    },
  )
  .map((parts) => Buffer.from(parts.join(""), "latin1"));
const anyCuts = fc.array(fc.nat(), { maxLength: 12 });
const anyStart = fc.nat(1000);

describe("feedLines and finishLines", () => {
  it("find the lines that a look at the whole finds, however it is cut into chunks", () => {
    fc.assert(
      fc.property(
        anyBytes,
        anyCuts,
        anyStart,
        fc.integer({ min: 1, max: 12 }),
        (bytes, cuts, from, lineBytesMax) => {
          expect(split(bytes, cuts, from, lineBytesMax)).toEqual(splitNaively(bytes, from, lineBytesMax));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("do so byte by byte", () => {
    fc.assert(
      fc.property(anyBytes, anyStart, (bytes, from) => {
        const everywhere = Array.from(bytes, (_, i) => i);
        expect(split(bytes, everywhere, from, 6)).toEqual(splitNaively(bytes, from, 6));
      }),
    );
  });

  it("do so for any bytes at all", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200, max: 13 }), anyCuts, (bytes, cuts) => {
        expect(split(Buffer.from(bytes), cuts)).toEqual(splitNaively(Buffer.from(bytes), 0, 1_000_000));
      }),
      { numRuns: 300 },
    );
  });

  it("lay the lines end to end: each begins where the one before it ended, but for NUL bytes before it", () => {
    fc.assert(
      fc.property(anyBytes, anyCuts, anyStart, (bytes, cuts, from) => {
        let at = from;
        for (const { offset, next } of split(bytes, cuts, from, 5)) {
          expect(bytes.subarray(at - from, offset - from).every((byte) => byte === 0)).toBe(true);
          expect(next).toBeGreaterThan(offset - 1);
          at = next;
        }
        expect(at).toBe(from + bytes.length);
      }),
    );
  });
});

describe("a line", () => {
  const textsOf = (text: string, cuts: readonly number[] = []): (string | undefined)[] =>
    split(Buffer.from(text, "latin1"), cuts).map((found) =>
      found.kind === "line" ? found.text : found.kind,
    );

  it("ends at a newline only", () => {
    expect(textsOf("a\rb\x0bc\x0cd\x85e\xe2\x80\xa8f\n")).toEqual(["a\rb\x0bc\x0cd\x85e\xe2\x80\xa8f"]);
  });

  it("leaves out one carriage return before the newline", () => {
    expect(textsOf("a\r\nb\r\r\n\r\n")).toEqual(["a", "b\r", ""]);
  });

  it.each([1, 2, 3])("leaves it out also when the chunk ends at byte %i of a CR LF", (cut) => {
    expect(textsOf("a\r\nb\n", [cut])).toEqual(["a", "b"]);
  });

  it("may be empty", () => {
    expect(textsOf("\n\na\n\n")).toEqual(["", "", "a", ""]);
  });

  it("may end without a newline where the file ends", () => {
    expect(textsOf("a\nb")).toEqual(["a", "b"]);
    expect(textsOf("a\nb\r")).toEqual(["a", "b"]);
    expect(textsOf("")).toEqual([]);
  });

  it("begins behind NUL bytes, which a crash leaves before what is appended next", () => {
    expect(split(Buffer.from("a\n\0\0\0b\n"), [3])).toEqual([
      { kind: "line", text: "a", offset: 0, next: 2 },
      { kind: "line", text: "b", offset: 5, next: 7 },
    ]);
  });

  it("keeps NUL bytes that stand within it", () => {
    expect(textsOf("a\0\0b\0\n", [2])).toEqual(["a\0\0b\0"]);
  });

  it("of NUL bytes only is a hole, over any number of chunks", () => {
    const bytes = Buffer.concat([
      Buffer.from("a\n"),
      Buffer.alloc(100_000),
      Buffer.from("\nb\n"),
      Buffer.alloc(7),
    ]);
    expect(split(bytes, [1000, 2000, 50_000])).toEqual([
      { kind: "line", text: "a", offset: 0, next: 2 },
      { kind: "hole", offset: 2, next: 100_003 },
      { kind: "line", text: "b", offset: 100_003, next: 100_005 },
      { kind: "hole", offset: 100_005, next: 100_012 },
    ]);
  });
});

describe("a line over the limit", () => {
  it.each([
    ["just within it", 20, "line"],
    ["one byte over it", 21, "overlong"],
  ])("is one that is %s", (_name, length, kind) => {
    for (const cuts of [[], [10], [20], [length]]) {
      expect(split(Buffer.from(`${"x".repeat(length)}\n`), cuts, 0, 20)).toMatchObject([{ kind }]);
    }
  });

  it("does not change what is read of the lines around it", () => {
    const bytes = Buffer.from(`before\n${"x".repeat(500)}\nafter\n`);
    expect(split(bytes, [10, 100, 300], 7, 100)).toMatchObject([
      { kind: "line", text: "before", offset: 7, next: 14 },
      { kind: "overlong", offset: 14, next: 515, lineBytes: 500 },
      { kind: "line", text: "after", offset: 515, next: 521 },
    ]);
  });

  it("of 100 MB is known by its head, length and hash, in little memory", () => {
    const found: Found[] = [];
    const splitter = createLineSplitter(0, 1024 * 1024);
    const chunk = Buffer.alloc(256 * 1024, "abcdefgh");
    const chunks = 400;
    global.gc?.();
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < chunks; i++) feedLines(splitter, chunk, collector(found));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
    expect(splitter.carry.length).toBeLessThanOrEqual(2 * 1024 * 1024);
    feedLines(splitter, Buffer.from("\nnext\n"), collector(found));
    const lineBytes = chunks * chunk.length;
    expect(found).toEqual([
      {
        kind: "overlong",
        head: "abcdefgh".repeat(HEAD_BYTES / 8),
        offset: 0,
        next: lineBytes + 1,
        lineBytes,
        sha256: sha256Hex(...Array.from({ length: chunks }, () => chunk)),
      },
      { kind: "line", text: "next", offset: lineBytes + 1, next: lineBytes + 6 },
    ]);
  });
});
