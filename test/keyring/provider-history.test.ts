import { describe, expect, it } from "vitest";
import { followProvider, isSignedBy, type ProviderLink } from "../../src/keyring/provider-history.ts";
import {
  generateProviderPair,
  linkFrom,
  type ProviderPair,
  signWith,
} from "../../src/keyring/provider-pair.ts";

const [first, second, third, thief] = [0, 1, 2, 3].map(generateProviderPair) as [
  ProviderPair,
  ProviderPair,
  ProviderPair,
  ProviderPair,
];

const history: readonly ProviderLink[] = [
  linkFrom(first.privatePem, first.key),
  linkFrom(first.privatePem, second.key),
  linkFrom(second.privatePem, third.key),
];

describe("a node that trusts a key of the provider", () => {
  it.each([
    ["the first", first.key],
    ["the second", second.key],
    ["the newest itself", third.key],
  ])("follows from %s to the newest", (_, pinned) => {
    expect(followProvider(pinned, history)).toBe(third.key);
  });

  it("follows from no key that is not in the history", () => {
    expect(followProvider(thief.key, history)).toBeUndefined();
    expect(followProvider(first.key, [])).toBeUndefined();
    expect(followProvider("", history)).toBeUndefined();
  });

  it("does not follow to a key that the one before has not signed", () => {
    const forged = [history[0], history[1], linkFrom(thief.privatePem, thief.key)] as ProviderLink[];
    const skipped = [history[0], history[2]] as ProviderLink[];

    expect(followProvider(first.key, forged)).toBeUndefined();
    expect(followProvider(second.key, forged)).toBeUndefined();
    expect(followProvider(first.key, skipped)).toBeUndefined();
  });

  it("does not care for links before the key that it trusts", () => {
    const cut = [{ key: first.key, signature: "AAAA" }, ...history.slice(1)];

    expect(followProvider(second.key, cut)).toBe(third.key);
  });

  it("takes junk for no key and no signature", () => {
    const message = Buffer.from("message");
    const signature = signWith(first.privatePem, message);

    expect(isSignedBy(first.key, message, signature)).toBe(true);
    expect(isSignedBy(second.key, message, signature)).toBe(false);
    expect(isSignedBy(first.key, Buffer.from("massage"), signature)).toBe(false);
    expect(isSignedBy(first.key, message, Buffer.from("short"))).toBe(false);
    expect(isSignedBy("ed25519:junk", message, signature)).toBe(false);
    expect(isSignedBy("", message, signature)).toBe(false);
  });
});
