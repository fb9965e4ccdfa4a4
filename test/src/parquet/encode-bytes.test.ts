import { describe, expect, it } from "vitest";
import { appendBytes, type BytesColumn, createByteList } from "../../../src/columns/column.ts";
import { encodeBytes } from "../../../src/parquet/encode-bytes.ts";

/** A text column with an entry for each value; null has none. */
function encodeTexts(texts: readonly (string | null)[]) {
  const values = createByteList();
  const codeOf = new Map<string, number>();
  const codes = Uint32Array.from(texts, (text) => {
    if (text === null) return 0;
    const bytes = new TextEncoder().encode(text);
    const code = codeOf.get(text) ?? appendBytes(values, bytes, 0, bytes.length) + 1;
    codeOf.set(text, code);
    return code;
  });
  const column: BytesColumn = { kind: "bytes", codes, values };
  const rows = Uint32Array.from(texts, (_, row) => row);
  const indexOfCode = new Uint32Array(values.size + 1);
  return encodeBytes(column, rows, { isNullable: true, fixedLengthBytes: undefined, indexOfCode });
}

const kinds = (texts: readonly (string | null)[]): string[] =>
  encodeTexts(texts).pages.map(({ kind }) => kind);

describe("encodeBytes", () => {
  it("writes values that repeat as a dictionary", () => {
    expect(kinds(["shop.example", "shop.example", "shop.example"])).toEqual(["dictionary", "data"]);
  });

  it("writes values that hardly repeat plainly", () => {
    expect(kinds(["/a/long/path/1", "/a/long/path/2", "/a/long/path/3", "/a/long/path/3"])).toEqual(["data"]);
  });

  it("writes no dictionary where there is no value", () => {
    expect(kinds([null, null])).toEqual(["data"]);
  });

  it("writes no dictionary that a reader would have to hold in 16 MiB or more", () => {
    const texts = Array.from({ length: 18 }, (_, index) => String(index).padEnd(1024 * 1024));
    expect(kinds([...texts, ...texts, ...texts])).not.toContain("dictionary");
  });

  it("splits plain values into pages of about 1 MiB", () => {
    const texts = Array.from({ length: 400 }, (_, index) => String(index).padEnd(10_000));
    const { pages } = encodeTexts(texts);
    expect(pages.map(({ count }) => count)).toEqual([105, 105, 105, 85]);
    for (const { body } of pages) expect(body.length).toBeLessThan(1024 * 1024 + 10_100);
  });

  it("bounds values by their bytes, a text before what it begins", () => {
    const bounds = encodeTexts(["ab", "a", "aba", null, "ab"]).bounds;
    expect(bounds).toEqual({ min: new TextEncoder().encode("a"), max: new TextEncoder().encode("aba") });
  });
});
