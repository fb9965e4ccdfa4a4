import { BlockList, isIP } from "node:net";
import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { describe, expect, it } from "vitest";
import { formatAddress, parseNetwork, readClient } from "../../src/address.ts";

const anyKey = fc.oneof(
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
  // Groups of zeros, where the shortening of RFC 5952 has its corners.
  fc
    .array(fc.constantFrom(0, 0, 0, 1, 0xffff, 0x0db8), { minLength: 8, maxLength: 8 })
    .map((groups) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]))),
);

/** Text that is nearly an address, and now and then one. */
const nearAddress = fc
  .array(
    fc.constantFrom(
      "0",
      "1",
      "01",
      "255",
      "256",
      ".",
      ":",
      "::",
      "ffff",
      "fe80",
      "12345",
      "0x7f",
      "%eth0",
      " ",
      "-",
    ),
    {
      minLength: 1,
      maxLength: 15,
    },
  )
  .map((parts) => parts.join(""));

describe("readClient", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1"],
    ["192.0.2.1:80", "192.0.2.1"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["[::1]", "::1"],
    ["[2001:db8::1]:443", "2001:db8::1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::FFFF:c000:201", "192.0.2.1"],
    ["[::ffff:192.0.2.1]:443", "192.0.2.1"],
    ["fe80::1%eth0", "fe80::1"],
    ["fe80::1%25eth0", "fe80::1"],
    ["::1.2.3.4", "::102:304"],
    ["64:ff9b::192.0.2.1", "64:ff9b::c000:201"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::", "::"],
  ])("reads %s as %s", (text, canonical) => {
    expect(readClient(text)?.text).toBe(canonical);
    expect(readClient(text)?.key).toHaveLength(16);
  });

  it.each([
    ["-", "unix:", "", " ", "localhost", "host.example", "unknown", "_hidden"],
    [
      "1",
      "127.1",
      "0x7f.1",
      "0x7f000001",
      "01.2.3.4",
      "010.1.1.1",
      "256.1.1.1",
      "1.2.3",
      "1.2.3.4.5",
      "4294967295",
    ],
    ["192.0.2.1, 198.51.100.7", "192.0.2.1 ", " 192.0.2.1", "192.0.2.1\n", "192.0.2.0/24", "192.0.2.1%eth0"],
    [
      "192.0.2.1:",
      "192.0.2.1:65536",
      "192.0.2.1:http",
      "[::1",
      "::1]",
      "[192.0.2.1]",
      "[::1]:",
      "[::1]80",
      "[[::1]]",
    ],
    ["1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", ":::", "1::2::3", "12345::", "::1%", `fe80::1%${"e".repeat(200)}`],
  ])("finds no address in %s", (...texts) => {
    for (const text of texts) expect(readClient(text), text).toBeUndefined();
  });

  it("takes for an address without port what the operating system does, and nothing else", () => {
    fc.assert(
      fc.property(nearAddress, (text) => {
        if (/^[\d.]+:\d+$/.test(text)) return;
        expect(readClient(text) !== undefined).toBe(isIP(text) !== 0);
        if (isIP(text) === 0 || text.includes("%")) return;
        const parsed = ipaddr.process(text);
        const bytes =
          parsed.kind() === "ipv4" ? [...mappedPrefix, ...parsed.toByteArray()] : parsed.toByteArray();
        expect([...(readClient(text)?.key ?? [])]).toEqual(bytes);
      }),
      { numRuns: 2000 },
    );
  });
});

const mappedPrefix = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

describe("formatAddress", () => {
  it("writes any key as RFC 5952 has it", () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        const parsed = ipaddr.fromByteArray([...key]);
        if (!(parsed instanceof ipaddr.IPv6)) throw new Error("16 bytes are IPv6");
        const canonical = parsed.isIPv4MappedAddress()
          ? parsed.toIPv4Address().toString()
          : parsed.toRFC5952String();
        expect(formatAddress(key)).toBe(canonical);
      }),
      { numRuns: 2000 },
    );
  });

  it("is the inverse of readClient", () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        expect(readClient(formatAddress(key))?.key).toEqual(key);
      }),
    );
  });
});

describe("parseNetwork", () => {
  it.each([
    ["192.0.2.7", "192.0.2.7", "192.0.2.7"],
    ["192.0.2.0/24", "192.0.2.0", "192.0.2.255"],
    ["192.0.2.77/24", "192.0.2.0", "192.0.2.255"],
    ["192.0.2.77/31", "192.0.2.76", "192.0.2.77"],
    ["0.0.0.0/0", "0.0.0.0", "255.255.255.255"],
    ["::ffff:192.0.2.0/120", "192.0.2.0", "192.0.2.255"],
    ["2001:db8::/32", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"],
    ["2001:db8::1/128", "2001:db8::1", "2001:db8::1"],
    ["::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ])("reads %s as %s to %s", (text, first, last) => {
    const network = parseNetwork(text);
    expect(network && [formatAddress(network.first), formatAddress(network.last)]).toEqual([first, last]);
  });

  it.each([
    "",
    "/24",
    "192.0.2.0/",
    "192.0.2.0/33",
    "192.0.2.0/024",
    "192.0.2.0/-1",
    "192.0.2.0/2 4",
    "2001:db8::/129",
  ])("refuses %j", (text) => expect(parseNetwork(text)).toBeUndefined());

  it.each([
    "fe80::1%eth0/64",
    "192.0.2.0/24/24",
    "192.0.2/24",
    "host.example/24",
    "[2001:db8::]/32",
    "192.0.2.0/255.255.255.0",
  ])("refuses %j, too", (text) => expect(parseNetwork(text)).toBeUndefined());

  it("covers the addresses that the operating system finds in the network, and no neighbour", () => {
    fc.assert(
      fc.property(anyKey, fc.nat(128), anyKey, (base, bits, other) => {
        const text = formatAddress(base);
        if (text.includes(".")) return;
        const network = parseNetwork(`${text}/${bits}`);
        const list = new BlockList();
        list.addSubnet(text, bits, "ipv6");
        const isCovered = (key: Uint8Array): boolean =>
          network !== undefined &&
          Buffer.compare(network.first, key) <= 0 &&
          Buffer.compare(key, network.last) <= 0;
        expect(isCovered(base)).toBe(true);
        const otherText = formatAddress(other);
        if (!otherText.includes(".")) expect(isCovered(other)).toBe(list.check(otherText, "ipv6"));
      }),
    );
  });
});
