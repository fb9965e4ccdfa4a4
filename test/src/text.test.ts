import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ByteList, createByteList, entryOf } from "../../src/columns/column.ts";
import {
  appendText,
  bytesOfText,
  type EscapeRule,
  escapeRule,
  textOfBytes,
  unescapeLogged,
} from "../../src/text.ts";
import { escapeAsApache, escapeAsNginx } from "../ingest/format/server-escapes.ts";

/** Stored text of a logged value, as it lies in a column. */
function stored(logged: Uint8Array | string, rule: EscapeRule): Buffer {
  const list = createByteList(1, 1);
  // A value stands in the middle of a chunk, and behind others in its column.
  const bytes = Buffer.concat([Buffer.from('"\\x'), Buffer.from(logged), Buffer.from("41")]);
  appendText(list, bytes, 0, 1, rule);
  expect(appendText(list, bytes, 3, bytes.length - 2, rule)).toBe(1);
  expect(Buffer.from(entryOf(list, 0)).toString()).toBe('"');
  return Buffer.from(entryOf(list, 1));
}

function textOf(logged: Uint8Array | string, rule: EscapeRule): string {
  return stored(logged, rule).toString("latin1");
}

/** Bytes as hex pairs: `c3 a9`. */
function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(" ", ""), "hex");
}

/** JSON as servers write it: nginx leaves bytes above 0x7f as they are, others write `\uXXXX`. */
function escapeAsJson(text: string, isAscii: boolean): string {
  const quoted = JSON.stringify(text).slice(1, -1);
  if (!isAscii) return quoted;
  return quoted.replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** What attacks and accidents are made of, beside bytes of any kind. */
const hostileBytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 6 }),
      fc
        .constantFrom(
          "\\",
          "\\x",
          "\\x4",
          "\\x5C",
          "\\u",
          '"',
          "\n",
          "\r\n",
          "\0",
          "é",
          "😀",
          "\\ud83d",
          "\u2028",
        )
        .map((text) => Buffer.from(text)),
      fc
        .constantFrom("c0af", "eda080", "f4908080", "e282", "f09f98", "80", "fe", "ff", "7f")
        .map((text) => hex(text)),
    ),
    { maxLength: 12 },
  )
  .map((parts) => Buffer.concat(parts));

const anyText = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 0x7f }),
      fc.integer({ min: 0x80, max: 0xd7ff }),
      fc.integer({ min: 0xe000, max: 0x10_ffff }),
    ),
  )
  .map((points) => String.fromCodePoint(...points));

const anyRule = fc.constantFrom(...Object.values(escapeRule));
const runs = { numRuns: 1000 };

describe("appendText and bytesOfText", () => {
  it("give back what the visitor sent, from what nginx logged", () => {
    fc.assert(
      fc.property(hostileBytes, (sent) => {
        expect(Buffer.from(bytesOfText(stored(escapeAsNginx(sent), escapeRule.nginx)))).toEqual(sent);
      }),
      runs,
    );
  });

  it("give back what the visitor sent, from what Apache logged", () => {
    fc.assert(
      fc.property(hostileBytes, (sent) => {
        expect(Buffer.from(bytesOfText(stored(escapeAsApache(sent), escapeRule.apache)))).toEqual(sent);
      }),
      runs,
    );
  });

  it("give back what the visitor sent, from what nginx logged, when it is read by Apache's rule", () => {
    fc.assert(
      fc.property(hostileBytes, (sent) => {
        expect(Buffer.from(bytesOfText(stored(escapeAsNginx(sent), escapeRule.apache)))).toEqual(sent);
      }),
      runs,
    );
  });

  it("give back the text that a JSON log holds, however it is written there", () => {
    fc.assert(
      fc.property(anyText, fc.boolean(), (sent, isAscii) => {
        const logged = escapeAsJson(sent, isAscii);
        expect(Buffer.from(bytesOfText(stored(logged, escapeRule.json))).toString()).toBe(sent);
      }),
      runs,
    );
  });

  it("give back any bytes that stand unescaped", () => {
    fc.assert(
      fc.property(hostileBytes, (sent) => {
        expect(Buffer.from(bytesOfText(stored(sent, escapeRule.none)))).toEqual(sent);
      }),
      runs,
    );
  });

  it("make of any bytes, under any rule, valid UTF-8 on one line that loses nothing of the unescaped bytes", () => {
    fc.assert(
      fc.property(hostileBytes, anyRule, (logged, rule) => {
        const text = stored(logged, rule);
        expect(() => new TextDecoder("utf-8", { fatal: true }).decode(text)).not.toThrow();
        expect([...text].filter((byte) => byte < 0x20 || byte === 0x7f)).toEqual([]);
        // A backslash begins an escape, and nothing else.
        expect(text.toString("latin1").replaceAll(/\\x[0-9A-F]{2}/g, "")).not.toContain("\\");
        expect(Buffer.from(bytesOfText(text))).toEqual(Buffer.from(unescapeLogged(logged, rule)));
      }),
      runs,
    );
  });

  it("keep different values different", () => {
    fc.assert(
      fc.property(hostileBytes, hostileBytes, (one, other) => {
        expect(stored(one, escapeRule.none).equals(stored(other, escapeRule.none))).toBe(one.equals(other));
      }),
      runs,
    );
  });
});

describe("appendText", () => {
  it.each([
    ["plain text", "61 62", "ab"],
    ["two-byte UTF-8", "c3 a9", "\xc3\xa9"],
    ["three-byte UTF-8", "e2 82 ac", "\xe2\x82\xac"],
    ["four-byte UTF-8", "f0 9f 98 80", "\xf0\x9f\x98\x80"],
    ["the last code point", "f4 8f bf bf", "\xf4\x8f\xbf\xbf"],
    ["a slash in overlong UTF-8", "c0 af", String.raw`\xC0\xAF`],
    ["a longer overlong form", "e0 80 af", String.raw`\xE0\x80\xAF`],
    ["the longest overlong form", "f0 80 80 af", String.raw`\xF0\x80\x80\xAF`],
    ["a surrogate", "ed a0 80", String.raw`\xED\xA0\x80`],
    ["what is below the surrogates", "ed 9f bf", "\xed\x9f\xbf"],
    ["what is above Unicode", "f4 90 80 80", String.raw`\xF4\x90\x80\x80`],
    ["a lead byte that is none", "f5 80 80 80", String.raw`\xF5\x80\x80\x80`],
    ["a sequence cut off after one byte", "e2", String.raw`\xE2`],
    ["a sequence cut off after two bytes", "e2 82", String.raw`\xE2\x82`],
    ["a sequence cut off after three bytes", "f0 9f 98", String.raw`\xF0\x9F\x98`],
    ["a sequence cut off by a letter", "e2 82 61", String.raw`\xE2\x82a`],
    ["a lone continuation byte", "80 61", String.raw`\x80a`],
    ["good text behind a bad byte", "ff c3 a9", "\\xFF\xc3\xa9"],
    ["control bytes", "00 09 0a 0d 1b 1f 7f", String.raw`\x00\x09\x0A\x0D\x1B\x1F\x7F`],
    ["a backslash", "5c", String.raw`\x5C`],
  ])("writes %s", (_name, bytes, text) => {
    expect(textOf(hex(bytes), escapeRule.none)).toBe(text);
  });

  it.each([
    ["nginx", escapeRule.nginx, String.raw`\x22a\x5Cb\xc3\xA9`, '"a\\x5Cb\xc3\xa9'],
    [
      "nginx, of escapes it does not have",
      escapeRule.nginx,
      String.raw`\n\"\u0041\x4g\x`,
      String.raw`\x5Cn\x5C"\x5Cu0041\x5Cx4g\x5Cx`,
    ],
    [
      "Apache",
      escapeRule.apache,
      String.raw`\"\\\b\n\r\t\v\xc3\xA9`,
      '"\\x5C\\x08\\x0A\\x0D\\x09\\x0B\xc3\xa9',
    ],
    ["Apache, of an escaped escape", escapeRule.apache, String.raw`\\x41`, String.raw`\x5Cx41`],
    [
      "Apache, of escapes it does not have",
      escapeRule.apache,
      String.raw`\a\/\0\X41`,
      String.raw`\x5Ca\x5C/\x5C0\x5CX41`,
    ],
    ["JSON", escapeRule.json, String.raw`\"\\\/\b\f\n\r\t`, String.raw`"\x5C/\x08\x0C\x0A\x0D\x09`],
    [
      "JSON, of code points",
      escapeRule.json,
      String.raw`\u0041\u00e9\u20AC\ud83d\uDE00`,
      "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
    ],
    ["JSON, of NUL and delete", escapeRule.json, String.raw`\u0000\u007f`, String.raw`\x00\x7F`],
    ["JSON, of a lone high surrogate", escapeRule.json, String.raw`\ud83d!`, String.raw`\x5Cud83d!`],
    ["JSON, of a lone low surrogate", escapeRule.json, String.raw`\ude00`, String.raw`\x5Cude00`],
    [
      "JSON, of surrogates the wrong way round",
      escapeRule.json,
      String.raw`\ude00\ud83d`,
      String.raw`\x5Cude00\x5Cud83d`,
    ],
    [
      "JSON, of a surrogate before another letter",
      escapeRule.json,
      String.raw`\ud83d\u0041`,
      String.raw`\x5Cud83dA`,
    ],
    [
      "JSON, of a high surrogate before a pair",
      escapeRule.json,
      String.raw`\ud83d\ud83d\ude00`,
      "\\x5Cud83d\xf0\x9f\x98\x80",
    ],
    ["JSON, cut off", escapeRule.json, String.raw`\u00e`, String.raw`\x5Cu00e`],
    [
      "JSON, of escapes it does not have",
      escapeRule.json,
      String.raw`\v\x41\'`,
      String.raw`\x5Cv\x5Cx41\x5C'`,
    ],
    ["any rule, of a backslash at the end", escapeRule.apache, "a\\", String.raw`a\x5C`],
  ])("undoes the escapes of %s", (_name, rule, logged, text) => {
    expect(textOf(logged, rule)).toBe(text);
  });

  it("undoes an escape once only", () => {
    expect(textOf(String.raw`\x5Cx41`, escapeRule.nginx)).toBe(String.raw`\x5Cx41`);
  });

  it.each([
    ["c3 a9", 1, String.raw`\xC3`],
    ["e2 82 ac", 2, String.raw`\xE2\x82`],
    ["f0 9f 98 80", 3, String.raw`\xF0\x9F\x98`],
    ["5c 78 34 31", 3, String.raw`\x5Cx4`],
  ])("does not look past the end of its value, within %s after %i", (bytes, end, text) => {
    for (const rule of [escapeRule.none, escapeRule.nginx]) {
      const list: ByteList = createByteList();
      appendText(list, hex(bytes), 0, end, rule);
      expect(Buffer.from(entryOf(list, 0)).toString("latin1")).toBe(text);
    }
  });
});

describe("textOfBytes", () => {
  it("is the stored text of the bytes, as a string", () => {
    fc.assert(
      fc.property(hostileBytes, (bytes) => {
        expect(textOfBytes(bytes)).toBe(stored(bytes, escapeRule.none).toString());
      }),
    );
  });
});
