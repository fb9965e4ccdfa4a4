import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { terminalText } from "../../src/terminal-text.ts";

// oxlint-disable-next-line no-control-regex
const forbidden = /[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Cs}/u;

describe("terminalText", () => {
  it.each([
    ["an escape sequence", "\u001b[2J", "\\u{1b}[2J"],
    ["C1's own introducer", "\u009b2J", "\\u{9b}2J"],
    ["a forged line", "a\r\nb", "a\\u{d}\\u{a}b"],
    ["DEL", "\u007f", "\\u{7f}"],
    ["line and paragraph separators", "\u2028\u2029", "\\u{2028}\\u{2029}"],
    ["a bidi override", "\u202egpj.exe", "\\u{202e}gpj.exe"],
    ["what has no width", "a\u200bb\ufeff\u2060", "a\\u{200b}b\\u{feff}\\u{2060}"],
    ["invisible tags", "\u{e0041}", "\\u{e0041}"],
    ["half a surrogate pair", "\ud83d!", "\\u{d83d}!"],
  ])("makes %s visible", (_name, text, expected) => {
    expect(terminalText(text)).toBe(expected);
  });

  it("leaves what people read as it is", () => {
    const text = "GET /straße/日本語?q=é&x=😀 \\x5C 'quoted'";
    expect(terminalText(text)).toBe(text);
  });

  it("lets nothing through that a terminal acts on, whatever the text", () => {
    const anyText = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(fc.nat(0xffff)).map((codes) => String.fromCharCode(...codes)),
    );
    fc.assert(
      fc.property(anyText, (text) => {
        const shown = terminalText(text);
        expect(shown).not.toMatch(forbidden);
        expect(terminalText(shown)).toBe(shown);
      }),
    );
  });
});
