import { isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isAddress, isAddressList } from "../../../ingest/format/is-address.ts";

describe("isAddress", () => {
  it.each(["192.0.2.1", "::", "::1", "2001:db8::1", "::ffff:192.0.2.1", "fe80::1%eth0", "[2001:db8::1]"])(
    "takes %s",
    (text) => {
      expect(check(text)).toBe(true);
    },
  );

  it.each([
    "",
    "-",
    "192.0.2",
    "192.0.2.256",
    "192.0.2.1:80",
    "1",
    "a.b.c.d",
    "1:2",
    ":::",
    "::1::",
    "[192.0.2.1]",
    "fe80::1%",
    "unix:",
  ])("refuses %s", (text) => {
    expect(check(text)).toBe(false);
  });

  it("agrees with the resolver of Node about any text, but for leading zeros", () => {
    const piece = fc.constantFrom(
      "1",
      "ff",
      "255",
      "256",
      "192.0.2.1",
      ":",
      "::",
      ".",
      "db8",
      "2001",
      "0",
      "12345",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.ipV6(),
          fc.ipV4(),
          fc.array(piece, { maxLength: 17 }).map((all) => all.join("")),
        ),
        (text) => {
          fc.pre(!/(?:^|[.:])0\d+\./.test(`${text}.`));
          expect(check(text)).toBe(isIP(text) !== 0);
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe("isAddressList", () => {
  it("takes one address or several, with or without blanks behind the commas", () => {
    expect(["192.0.2.1", "192.0.2.1, 2001:db8::1", "192.0.2.1,192.0.2.2"].map(checkList)).toEqual([
      true,
      true,
      true,
    ]);
    expect(["192.0.2.1,", "192.0.2.1, unknown", ",192.0.2.1"].map(checkList)).toEqual([false, false, false]);
  });
});

function check(text: string): boolean {
  return isAddress(Buffer.from(text), 0, text.length);
}

function checkList(text: string): boolean {
  return isAddressList(Buffer.from(text), 0, text.length);
}
