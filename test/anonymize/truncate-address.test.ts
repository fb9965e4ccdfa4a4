import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { truncateAddress } from "../../anonymize/truncate-address.ts";
import { parseNetwork, readClient } from "../../src/address.ts";

function truncated(text: string): string {
  return truncateAddress(readClient(text)?.key);
}

const octet = fc.integer({ min: 1, max: 255 });
const anyIpv4 = fc.tuple(octet, octet, octet, octet);
type Ipv4 = readonly [number, number, number, number];

/** Every way in which an IPv6 address holds an IPv4 address, as 16 bytes; `tail` fills what a form leaves free. */
const embeddings: Readonly<Record<string, (v4: Ipv4, tail: Uint8Array) => readonly number[]>> = {
  mapped: (v4) => [...zeros(10), 0xff, 0xff, ...v4],
  compatible: (v4) => [...zeros(12), ...v4],
  "SIIT-translated": (v4) => [...zeros(8), 0xff, 0xff, 0, 0, ...v4],
  "NAT64 64:ff9b::/96": (v4) => [0, 0x64, 0xff, 0x9b, ...zeros(8), ...v4],
  "NAT64 64:ff9b:1::/96": (v4) => [0, 0x64, 0xff, 0x9b, 0, 1, ...zeros(6), ...v4],
  "NAT64 64:ff9b:1::/48": ([a, b, c, d]) => [0, 0x64, 0xff, 0x9b, 0, 1, a, b, 0, c, d, ...zeros(5)],
  "6to4": (v4, tail) => [0x20, 0x02, ...v4, ...tail.subarray(0, 10)],
  Teredo: (v4, tail) => [0x20, 0x01, 0, 0, ...tail.subarray(0, 8), ...v4.map((byte) => byte ^ 0xff)],
  "Teredo server": (v4, tail) => [0x20, 0x01, 0, 0, ...v4, ...tail.subarray(0, 8)],
  ISATAP: (v4) => [0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 2, 0x02, 0, 0x5e, 0xfe, ...v4],
};

function zeros(count: number): readonly number[] {
  return Array.from({ length: count }, () => 0);
}

const anyTail = fc.uint8Array({ minLength: 16, maxLength: 16 });

describe("truncateAddress", () => {
  it.each([
    ["192.0.2.77", "192.0.2.0/24"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"],
    ["::ffff:192.0.2.77", "192.0.2.0/24"],
    ["::192.0.2.77", "192.0.2.0/24"],
    ["::ffff:0:192.0.2.77", "192.0.2.0/24"],
    ["64:ff9b::192.0.2.77", "192.0.2.0/24"],
    ["64:ff9b:1::192.0.2.77", "192.0.2.0/24"],
    ["64:ff9b:1:c000:2:4d00::", "192.0.2.0/24"],
    ["2002:c000:24d::1", "2002:c000:200::/40"],
    ["2001:0:c000:201:1:2:3fff:fdb2", "2001::/32"],
    ["2001:db8::5efe:192.0.2.77", "2001:db8::/48"],
    ["fe80::1%eth0", "fe80::/48"],
    ["::1", "::/48"],
    ["::", "::/48"],
  ])("makes of %s the network %s", (text, network) => expect(truncated(text)).toBe(network));

  it("does not take the end of a shortened address for its beginning, as recipes with patterns do", () => {
    expect(truncated("2a00::abcd:1234:5")).toBe("2a00::/48");
    expect(truncated("2400::a:b:c:d")).toBe("2400::/48");
  });

  it.each(["-", "unix:", "host.example", "192.0.2.77, 198.51.100.1", "192.0.2.077"])(
    "knows no network of %s",
    (text) => expect(truncated(text)).toBe("unknown"),
  );

  it("gives the same for addresses that differ only in what is hidden", () => {
    fc.assert(
      fc.property(anyIpv4, fc.nat(255), anyTail, anyTail, ([a, b, c, d], other, tail, otherTail) => {
        for (const [name, embed] of Object.entries(embeddings)) {
          if (name === "Teredo server") continue;
          const one = truncateAddress(Uint8Array.from(embed([a, b, c, d], tail)));
          expect(truncateAddress(Uint8Array.from(embed([a, b, c, other], otherTail))), name).toBe(one);
        }
      }),
      { numRuns: 250 },
    );
  });

  it("gives the same for native IPv6 addresses that share 48 bits", () => {
    fc.assert(
      fc.property(anyTail, anyTail, (key, other) => {
        key[0] = 0x2a;
        const neighbour = Uint8Array.from([...key.subarray(0, 6), ...other.subarray(6)]);
        expect(truncateAddress(neighbour)).toBe(truncateAddress(key));
      }),
    );
  });

  it("never shows the four octets of an embedded IPv4 address, in decimal or in hex, at any place", () => {
    fc.assert(
      fc.property(anyIpv4, (v4) => {
        for (const [name, embed] of Object.entries(embeddings)) {
          const network = truncateAddress(Uint8Array.from(embed(v4, new Uint8Array(16))));
          const first = parseNetwork(network)?.first ?? new Uint8Array();
          expect(network, name).not.toContain(v4.join("."));
          expect(Buffer.from(first).toString("hex"), name).not.toContain(Buffer.from(v4).toString("hex"));
          const inverted = v4.map((byte) => byte ^ 0xff);
          if (inverted.some((byte) => byte !== 0)) {
            expect(Buffer.from(first.subarray(0, 8)).toString("hex"), name).not.toContain(
              Buffer.from(inverted).toString("hex"),
            );
          }
        }
      }),
      { numRuns: 250 },
    );
  });

  it("changes nothing when it is applied to its own network", () => {
    const anyEmbedded = fc
      .tuple(fc.constantFrom(...Object.values(embeddings)), anyIpv4, anyTail)
      .map(([embed, v4, tail]) => Uint8Array.from(embed(v4, tail)));
    fc.assert(
      fc.property(fc.oneof(anyTail, anyEmbedded), (key) => {
        const network = truncateAddress(key);
        expect(truncateAddress(parseNetwork(network)?.first)).toBe(network);
      }),
      { numRuns: 250 },
    );
  });
});
