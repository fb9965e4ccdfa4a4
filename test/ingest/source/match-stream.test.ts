import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createStreamMatcher,
  feedMatcher,
  matchedStream,
  uncoveredRanges,
} from "../../../ingest/source/match-stream.ts";
import { addPiece, type KnownStream } from "../../../ingest/source/stream-index.ts";
import { sha256Hex } from "../../../src/sha256.ts";

const secret = Buffer.alloc(32, 7);

function log(lines: number, word = "line"): Buffer {
  return Buffer.from(Array.from({ length: lines }, (_, i) => `${word} ${i}\n`).join(""));
}

/** A stream of which these ranges of `bytes` are stored, each as one piece. */
function stored(id: string, bytes: Buffer, ranges: readonly (readonly [number, number])[]): KnownStream {
  const stream: KnownStream = { id, head: "h", pieces: [] };
  for (const [from, to] of ranges)
    addPiece(stream, { from, to, sha256: sha256Hex(secret, bytes.subarray(from, to)) });
  return stream;
}

/** Which of the streams the file is, and how much of it was looked at. */
function match(
  streams: readonly KnownStream[],
  file: Buffer,
  chunkBytes = 64,
): { readonly id: string | undefined; readonly readBytes: number } {
  const matcher = createStreamMatcher(streams, secret);
  let readBytes = 0;
  for (let at = 0; at < file.length; at += chunkBytes) {
    const chunk = file.subarray(at, at + chunkBytes);
    readBytes += chunk.length;
    if (!feedMatcher(matcher, chunk, at)) break;
  }
  return { id: matchedStream(matcher)?.id, readBytes };
}

const bytes = log(200);

describe("a file that is compared with what is stored", () => {
  it("is the stream that it was read as", () => {
    expect(
      match(
        [
          stored("a", bytes, [
            [0, 500],
            [500, bytes.length],
          ]),
        ],
        bytes,
      ).id,
    ).toBe("a");
  });

  it("is that stream also after it has grown", () => {
    const stream = stored("a", bytes, [
      [0, 500],
      [500, 1000],
    ]);
    expect(match([stream], Buffer.concat([bytes, log(50, "more")])).id).toBe("a");
  });

  it("is that stream also as a shorter copy, of which the last piece cannot be compared", () => {
    const long = Buffer.concat(Array.from({ length: 10 }, () => bytes));
    const stream = stored("a", long, [
      [0, 5000],
      [5000, 8000],
    ]);
    expect(match([stream], long.subarray(0, 5000)).id).toBe("a");
    expect(match([stream], long.subarray(0, 7000)).id).toBe("a");
  });

  it("is another log when it ends inside a piece and too little before that was equal to prove anything", () => {
    const stream = stored("a", bytes, [
      [0, 500],
      [500, 1000],
    ]);
    expect(match([stream], bytes.subarray(0, 700)).id).toBeUndefined();
    expect(match([stream], bytes.subarray(0, 500)).id).toBe("a");
  });

  it("is another log when not even the first piece is in it", () => {
    expect(match([stored("a", bytes, [[0, 500]])], bytes.subarray(0, 499)).id).toBeUndefined();
  });

  it("is another log when it begins alike and goes on differently", () => {
    const file = Buffer.from(bytes);
    file[700] = 0x21;
    expect(
      match(
        [
          stored("a", bytes, [
            [0, 500],
            [500, 1000],
          ]),
        ],
        file,
      ).id,
    ).toBeUndefined();
  });

  it("is another log when only its last byte differs", () => {
    const file = Buffer.from(bytes);
    file[bytes.length - 1] = 0x21;
    expect(
      match(
        [
          stored("a", bytes, [
            [0, 500],
            [500, bytes.length],
          ]),
        ],
        file,
      ).id,
    ).toBeUndefined();
  });

  it("is, of several that it agrees with, the stream that explains most of it", () => {
    const little = stored("little", bytes, [[0, 100]]);
    const much = stored("much", bytes, [
      [0, 100],
      [100, 900],
    ]);
    expect(match([little, much], bytes).id).toBe("much");
    expect(match([much, little], bytes).id).toBe("much");
  });

  it("is the one stream that it agrees with, of many that begin with the same line", () => {
    const other = Buffer.concat([bytes.subarray(0, 7), log(200, "else")]);
    const streams = [
      stored("x", other, [[0, 300]]),
      stored("a", bytes, [
        [0, 300],
        [300, 600],
      ]),
      stored("y", other, [[0, 900]]),
    ];
    expect(match(streams, bytes).id).toBe("a");
  });

  it("is no stream that nothing is stored of", () => {
    expect(match([stored("a", bytes, [])], bytes).id).toBeUndefined();
    expect(match([], bytes).id).toBeUndefined();
  });

  it("is recognised by pieces behind a gap", () => {
    const stream = stored("a", bytes, [
      [0, 100],
      [400, 600],
      [900, 1000],
    ]);
    expect(match([stream], bytes).id).toBe("a");
    const file = Buffer.from(bytes);
    file[950] = 0x21;
    expect(match([stream], file).id).toBeUndefined();
    // What nobody stored is not compared.
    const changed = Buffer.from(bytes);
    changed[700] = 0x21;
    expect(match([stream], changed).id).toBe("a");
  });

  it("is recognised where pieces overlap", () => {
    for (const chunkBytes of [1, 64, 350, 4096]) {
      expect(
        match(
          [
            stored("a", bytes, [
              [0, 300],
              [200, 400],
              [400, 700],
            ]),
          ],
          bytes,
          chunkBytes,
        ).id,
      ).toBe("a");
      expect(
        match(
          [
            stored("a", bytes, [
              [0, 300],
              [0, 300],
              [300, 700],
            ]),
          ],
          bytes,
          chunkBytes,
        ).id,
      ).toBe("a");
    }
  });

  it("is read no further than there is something to compare", () => {
    expect(match([stored("a", bytes, [[0, 500]])], bytes).readBytes).toBe(512);
    const file = Buffer.from(bytes);
    file[10] = 0x21;
    expect(
      match(
        [
          stored("a", bytes, [
            [0, 100],
            [100, bytes.length],
          ]),
        ],
        file,
      ).readBytes,
    ).toBe(128);
  });

  const anyRanges = fc
    .array(fc.tuple(fc.nat(900), fc.integer({ min: 1, max: 200 })), { minLength: 1, maxLength: 6 })
    .map((ranges) => ranges.map(([from, length]) => [from, from + length] as const));

  it("is what a comparison of the whole says, for any pieces that do not overlap, cut in any way", () => {
    fc.assert(
      fc.property(
        anyRanges,
        fc.integer({ min: 1, max: 300 }),
        fc.nat(1100),
        fc.nat(1100),
        (ranges, chunkBytes, length, changed) => {
          let end = 0;
          const apart = [...ranges]
            .sort((a, b) => a[0] - b[0])
            .filter(([from, to]) => {
              if (from < end) return false;
              end = to;
              return true;
            });
          const file = Buffer.from(bytes.subarray(0, length));
          if (changed < file.length) file[changed] = 0x21;
          const whole = apart.filter(([, to]) => to <= length);
          const isSame = whole.every(([from, to]) =>
            bytes.subarray(from, to).equals(file.subarray(from, to)),
          );
          const endsInside = apart.some(([from, to]) => from < length && length < to);
          expect(match([stored("a", bytes, apart)], file, chunkBytes).id).toBe(
            whole.length > 0 && isSame && !endsInside ? "a" : undefined,
          );
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("uncoveredRanges", () => {
  const anyPieces = fc.array(
    fc
      .tuple(fc.nat(50), fc.integer({ min: 1, max: 20 }))
      .map(([from, length]) => ({ from, to: from + length, sha256: "" })),
    { maxLength: 8 },
  );

  it("together with the pieces are each byte of the file, and none twice", () => {
    fc.assert(
      fc.property(anyPieces, fc.nat(80), (pieces, length) => {
        const stream: KnownStream = { id: "a", head: "h", pieces: [] };
        for (const piece of pieces) addPiece(stream, piece);
        const ranges = uncoveredRanges(stream.pieces, length);
        const uncovered = ranges.flatMap(({ from, to }) =>
          Array.from({ length: to - from }, (_, i) => from + i),
        );
        const expected = Array.from({ length }, (_, i) => i).filter((byte) =>
          pieces.every(({ from, to }) => byte < from || byte >= to),
        );
        expect(uncovered).toEqual(expected);
        expect(ranges.every(({ from, to }) => from < to)).toBe(true);
        // No two of them could be one.
        expect(ranges.every(({ from }, i) => i === 0 || from > (ranges[i - 1]?.to ?? 0))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("end where the file does, which may not be known", () => {
    const pieces = [{ from: 0, to: 10, sha256: "" }];
    expect(uncoveredRanges(pieces, Number.POSITIVE_INFINITY)).toEqual([
      { from: 10, to: Number.POSITIVE_INFINITY },
    ]);
    expect(uncoveredRanges(pieces, 10)).toEqual([]);
    expect(uncoveredRanges(pieces, 5)).toEqual([]);
  });
});
