import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalHost } from "../../src/host-name.ts";

describe("canonicalHost", () => {
  it.each([
    ["EXAMPLE.nl.", "example.nl"],
    ["example.nl:443", "example.nl"],
    ["example.nl.:443", "example.nl"],
    ["example.nl:", "example.nl"],
    ["localhost", "localhost"],
    ["163.com", "163.com"],
    ["r3---sn-25.example", "r3---sn-25.example"],
    ["my_shop.example.nl", "my_shop.example.nl"],
    ["münchen.example", "xn--mnchen-3ya.example"],
    ["MÜNCHEN.example", "xn--mnchen-3ya.example"],
    ["XN--MNCHEN-3YA.example", "xn--mnchen-3ya.example"],
    ["straße.example", "xn--strae-oqa.example"],
    ["пример.example", "xn--e1afmkfd.example"],
  ])("spells %s as %s", (text, host) => expect(canonicalHost(text)).toBe(host));

  it.each([
    ["127.0.0.1", "127.0.0.1"],
    ["192.0.2.1:8080", "192.0.2.1"],
    ["[2001:DB8::1]", "[2001:db8::1]"],
    ["[2001:db8::1]:443", "[2001:db8::1]"],
    ["[::ffff:192.0.2.1]", "192.0.2.1"],
  ])("keeps the address %s as the name of a default host: %s", (text, host) =>
    expect(canonicalHost(text)).toBe(host),
  );

  it.each([
    "1",
    "127.1",
    "0x7f.1",
    "0x7f.0x1",
    "256.1.1.1",
    "192.0.2",
    "2130706433",
    "::1",
    "[::1",
    "[fe80::1%eth0]",
  ])("does not take %s for an address", (text) => expect(canonicalHost(text)).toBeUndefined());

  it.each([
    [
      "",
      ".",
      "..",
      "a..b",
      ".example",
      "example..",
      "_",
      "-",
      "-a.example",
      "a-.example",
      "*.nl",
      "/",
      "../../etc",
    ],
    [
      "user@evil",
      "example.com:443@evil",
      "foo%2fbar",
      'foo"bar',
      "foo\0",
      "foo bar",
      "foo\\x22bar",
      ":443",
      "a:b",
    ],
    ["domain=x/date=1999-01-01/", "example.nl:99999", "example.nl:443:443", "a,b", "a?b", "a#b", "a;b"],
  ])("finds no host name in %j", (...texts) => {
    for (const text of texts) expect(canonicalHost(text), text).toBeUndefined();
  });

  it.each([
    ["full-width letters", "ｅｘａｍｐｌｅ.com"],
    ["a soft hyphen", "exam\u00ADple.com"],
    ["a zero-width space", "exam\u200Bple.com"],
    ["the Kelvin sign", "ni\u212Ae.com"],
    ["the Kelvin sign beside an umlaut", "ü\u212A.com"],
    ["a full-width letter beside an umlaut", "ü\uFF45.com"],
    ["a soft hyphen beside an umlaut", "ü\u00ADe.com"],
    ["a ligature", "ﬁne.com"],
    ["an ideographic full stop", "例え\u3002jp"],
    ["circled digits", "①.com"],
    ["full-width xn--", "ｘn--a.com"],
    ["punycode of nothing", "xn--.com"],
    ["punycode of ASCII", "xn--abc-.com"],
    ["broken punycode", "xn--zzzzzzzzzzzzzz.com"],
  ])("does not let %s pass for another name", (_, text) => expect(canonicalHost(text)).toBeUndefined());

  it("allows 63 characters for a label and 253 for a name, counted as punycode", () => {
    const label = "a".repeat(63);
    const longest = `${label}.${label}.${label}.${"b".repeat(61)}`;
    expect(canonicalHost(longest)).toBe(longest);
    expect(canonicalHost(`${longest}.`)).toBe(longest);
    expect(canonicalHost(`${longest}b`)).toBeUndefined();
    expect(canonicalHost(`a${label}.nl`)).toBeUndefined();
    expect(canonicalHost("x".repeat(100_000))).toBeUndefined();
  });

  it("gives one of its own spellings back, in letters, digits, hyphens, underscores, dots and brackets", () => {
    const piece = fc.constantFrom(
      "a",
      "Z",
      "0",
      "-",
      "_",
      ".",
      "ü",
      "ß",
      "ｅ",
      "xn--",
      ":",
      "443",
      "[",
      "]",
      "@",
      "İ",
      "ς",
      "例",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece, { maxLength: 12 }).map((parts) => parts.join("")),
          fc.string(),
        ),
        (text) => {
          const host = canonicalHost(text);
          if (host === undefined) return;
          expect(host).toMatch(/^(?:[a-z0-9_.-]{1,253}|\[[0-9a-f:]+\])$/);
          expect(canonicalHost(host)).toBe(host);
          expect(canonicalHost(`${host.toUpperCase()}:80`)).toBe(host);
        },
      ),
      { numRuns: 3000 },
    );
  });
});
