import { bech32 } from "@scure/base";
import { describe, expect, it } from "vitest";
import { decodeIdentity, decodeRecipient, encodeIdentity, encodeRecipient } from "../../src/seal/age-text.ts";
import { generateIdentity, recipientOf } from "../../src/seal/x25519.ts";

const { identity, recipient } = generateIdentity();

describe("keys as text", () => {
  it("read back", () => {
    expect(decodeRecipient(encodeRecipient(recipient))).toEqual(recipient);
    expect(decodeIdentity(encodeIdentity(identity))).toEqual(identity);
    expect(recipientOf(identity)).toEqual(recipient);
    expect(encodeRecipient(recipient)).toMatch(/^age1[0-9a-z]{58}$/);
    expect(encodeIdentity(identity)).toMatch(/^AGE-SECRET-KEY-1[0-9A-Z]{58}$/);
  });

  it.each([
    ["an empty text", ""],
    ["junk", "age1qqqq"],
    ["upper case", encodeRecipient(recipient).toUpperCase()],
    ["an identity", encodeIdentity(identity)],
    ["an identity in lower case", encodeIdentity(identity).toLowerCase()],
    ["a byte too few", bech32.encodeFromBytes("age", recipient.subarray(1))],
    ["a byte too many", bech32.encodeFromBytes("age", Uint8Array.of(...recipient, 0))],
    ["a changed letter", encodeRecipient(recipient).replace(/.$/, (last) => (last === "q" ? "p" : "q"))],
    ["something behind it", `${encodeRecipient(recipient)} `],
  ])("%s is no recipient", (_, text) => {
    expect(decodeRecipient(text)).toBeUndefined();
  });

  it.each([
    ["lower case", encodeIdentity(identity).toLowerCase()],
    ["a recipient", encodeRecipient(recipient)],
    ["a recipient in upper case", encodeRecipient(recipient).toUpperCase()],
    ["a byte too few", bech32.encodeFromBytes("AGE-SECRET-KEY-", identity.subarray(1)).toUpperCase()],
    ["a changed letter", encodeIdentity(identity).replace(/.$/, (last) => (last === "Q" ? "P" : "Q"))],
  ])("%s is no identity", (_, text) => {
    expect(decodeIdentity(text)).toBeUndefined();
  });
});
