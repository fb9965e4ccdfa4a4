import { generateKeyPairSync, sign } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatProviderKey, linkMessage, type ProviderLink } from "../../src/keyring/provider-history.ts";
import type { RecipientSeries, RecipientSnapshot } from "../../src/recipients/recipient-snapshot.ts";
import { encodeSnapshot, readSnapshot } from "../../src/recipients/snapshot-object.ts";
import { encodeRecipient } from "../../src/seal/age-text.ts";
import { sealedViews } from "../../src/seal/day-key-name.ts";
import { nearDay } from "../support/any-day.ts";

interface Provider {
  readonly key: string;
  sign(message: Uint8Array): Uint8Array;
}

function newProvider(): Provider {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const key = formatProviderKey(publicKey.export({ format: "der", type: "spki" }).subarray(-32));
  return { key, sign: (message) => sign(null, message, privateKey) };
}

function linkBy(signer: Provider, { key }: Provider): ProviderLink {
  return { key, signature: Buffer.from(signer.sign(linkMessage(key))).toString("base64") };
}

const oldest = newProvider();
const newest = newProvider();
const stranger = newProvider();
const history = [linkBy(oldest, oldest), linkBy(oldest, newest)];

const anyRecipient = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(encodeRecipient);
const anySeries: fc.Arbitrary<RecipientSeries> = fc.record({
  view: fc.constantFrom(...sealedViews),
  retentionClass: fc.constantFrom("standard", "short"),
  firstDay: nearDay,
  recipients: fc.array(fc.option(anyRecipient), { maxLength: 5 }),
});
const anySnapshot: fc.Arbitrary<RecipientSnapshot> = fc.record({
  version: fc.constant(1),
  store: fc.uuid(),
  generation: fc.integer({ min: 1, max: 999_999_999_999 }),
  at: fc.constant("2026-11-22T09:00:00.000Z"),
  series: fc.array(anySeries, { maxLength: 3 }),
});

const some: RecipientSnapshot = {
  version: 1,
  store: "a-store",
  generation: 7,
  at: "2026-11-22T09:00:00.000Z",
  series: [],
};

function encode(snapshot: RecipientSnapshot, signer = newest, provider = history): Uint8Array {
  return encodeSnapshot(snapshot, provider, signer.sign);
}

describe("a snapshot's object", () => {
  it("reads back as what it was, for who trusts any of the provider's keys", () => {
    fc.assert(
      fc.property(
        anySnapshot,
        fc.constantFrom([], [oldest.key], [newest.key], [oldest.key, newest.key]),
        (snapshot, trusted) => {
          expect(readSnapshot(encode(snapshot), trusted)).toEqual({
            kind: "snapshot",
            snapshot,
            providerKey: newest.key,
            providerKeys: [oldest.key, newest.key],
          });
        },
      ),
      { numRuns: 50 },
    );
  });

  it("is refused with any byte of it changed, also by who trusts whatever is first", () => {
    fc.assert(
      fc.property(
        anySnapshot,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.integer({ min: 1, max: 255 }),
        fc.constantFrom([], [oldest.key], [newest.key]),
        (snapshot, place, change, trusted) => {
          const bytes = Uint8Array.from(encode(snapshot));
          const at = Math.floor(place * bytes.length);
          bytes[at] = (bytes[at] ?? 0) ^ change;
          expect(readSnapshot(bytes, trusted).kind).not.toBe("snapshot");
        },
      ),
      { numRuns: 500 },
    );
  });

  it("is refused with any byte of one changed by a bit, cut off anywhere, or with more behind it", () => {
    const bytes = encode(some);
    for (let at = 0; at < bytes.length; at++) {
      const changed = Uint8Array.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(readSnapshot(changed, []).kind, `byte ${at}`).not.toBe("snapshot");
      expect(readSnapshot(bytes.subarray(0, at), []).kind, `cut at ${at}`).not.toBe("snapshot");
    }
    for (const more of ["\n", " ", "{}"]) {
      expect(readSnapshot(Buffer.concat([bytes, Buffer.from(more)]), []).kind).toBe("junk");
    }
  });

  it("is another provider's where the trusted key is none of its history", () => {
    expect(readSnapshot(encode(some), [stranger.key])).toEqual({
      kind: "other-provider",
      providerKey: newest.key,
    });
    expect(readSnapshot(encode(some), [oldest.key, stranger.key]).kind).toBe("other-provider");
  });

  it("is another provider's where a key was added that the one before has not signed", () => {
    const added = [linkBy(oldest, oldest), linkBy(stranger, stranger)];
    for (const trusted of [[], [oldest.key]]) {
      expect(readSnapshot(encode(some, stranger, added), trusted)).toEqual({
        kind: "other-provider",
        providerKey: stranger.key,
      });
    }
  });

  it("is forged where anybody but the newest of its keys has signed it", () => {
    for (const signer of [stranger, oldest]) {
      expect(readSnapshot(encode(some, signer), [oldest.key]).kind).toBe("forged");
    }
  });

  it("is forged where its signature was made for something else", () => {
    const withoutContext: Provider = {
      ...newest,
      sign: (message) => newest.sign(message.subarray(message.indexOf(0x0a) + 1)),
    };
    expect(readSnapshot(encode(some, withoutContext), []).kind).toBe("forged");
  });

  it.each([
    ["another version", { ...some, version: 2 }],
    ["no generation", { ...some, generation: 0 }],
    ["a generation between two", { ...some, generation: 1.5 }],
    ["a view that is not sealed", { ...some, series: [seriesOf({ view: "analytics" })] }],
    ["a class with a path in it", { ...some, series: [seriesOf({ retentionClass: "../standard" })] }],
    ["a day that there is not", { ...some, series: [seriesOf({ firstDay: "2026-02-30" })] }],
    ["a recipient that is none", { ...some, series: [seriesOf({ recipients: ["age1xyz"] })] }],
    ["a private key", { ...some, series: [seriesOf({ recipients: [`AGE-SECRET-KEY-1${"Q".repeat(58)}`] })] }],
  ])("is junk when it holds %s, whoever has signed it", (_name, snapshot) => {
    expect(readSnapshot(encode(snapshot as RecipientSnapshot), []).kind).toBe("junk");
  });
});

function seriesOf(change: Readonly<Record<string, unknown>>): unknown {
  return { view: "raw", retentionClass: "standard", firstDay: "2026-11-22", recipients: [null], ...change };
}
