import { formatAddress, isMapped, withTail } from "../src/address.ts";

/** A network wide enough not to be a household, such as `192.0.2.0/24`, or `unknown`. */
export type TruncatedNetwork = string & { readonly __brand: "TruncatedNetwork" };

/** What statistics say of a client that is not one address. */
export const UNKNOWN_NETWORK = "unknown" as TruncatedNetwork;

/** A /48 is what providers give to one site (RFC 6177); a /64 is one household. */
const IPV6_PREFIX_BITS = 48;

/**
 * The network of a client's address: /24 of IPv4, /48 of IPv6, RFC 5952 text. An IPv4 address inside an IPv6
 * address is treated as what it is, because the first 48 bits of some forms hold all of it:
 *
 * - ::ffff:0:0/96 mapped and ::/96 compatible (RFC 4291, but :: and ::1), ::ffff:0:0:0/96 SIIT (RFC 2765) and
 *   64:ff9b::/96 NAT64 (RFC 6052) become the /24 of the IPv4 address;
 * - 64:ff9b:1::/48, the NAT64 of local use (RFC 8215), too: by the layout of a /96 prefix below
 *   64:ff9b:1::/96, else by that of a /48 prefix. A prefix of another length shows fewer of its bits then,
 *   never more;
 * - 2002::/16, 6to4 (RFC 3056), keeps its prefix and 24 bits of the IPv4 address: a /40;
 * - 2001::/32, Teredo (RFC 4380), keeps nothing else, since both server and client stand behind it;
 * - ISATAP (RFC 5214) has its IPv4 address in the last 64 bits, which go anyway.
 *
 * `key` is 16 bytes, IPv4 as ::ffff:0:0/96; undefined gives `unknown`.
 */
export function truncateAddress(key: Uint8Array | undefined): TruncatedNetwork {
  if (key === undefined || key.length !== 16) return UNKNOWN_NETWORK;
  const v4 = embeddedIpv4(key);
  if (v4 !== undefined) return `${v4.slice(0, 3).join(".")}.0/24` as TruncatedNetwork;
  const bits = ipv6PrefixBits(key);
  return `${formatAddress(withTail(key, bits, 0))}/${bits}` as TruncatedNetwork;
}

/** The four octets of an IPv4 address that an IPv6 address stands for as a whole. */
function embeddedIpv4(key: Uint8Array): readonly number[] | undefined {
  if (isMapped(key) || isCompatible(key) || isTranslated(key) || startsWith(key, wellKnownNat64)) {
    return [...key.subarray(12)];
  }
  if (!startsWith(key, localNat64)) return undefined;
  const isPrefix96 = key.subarray(6, 12).every((byte) => byte === 0);
  const at = isPrefix96 ? [12, 13, 14, 15] : [6, 7, 9, 10];
  return at.map((index) => key[index] as number);
}

const wellKnownNat64 = [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0];
const localNat64 = [0x00, 0x64, 0xff, 0x9b, 0x00, 0x01];
const translated = [0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0];
const sixToFour = [0x20, 0x02];
const teredo = [0x20, 0x01, 0, 0];

function ipv6PrefixBits(key: Uint8Array): number {
  if (startsWith(key, sixToFour)) return 40;
  return startsWith(key, teredo) ? 32 : IPV6_PREFIX_BITS;
}

/** ::/96 without the unspecified address and the loopback address. */
function isCompatible(key: Uint8Array): boolean {
  if (key.subarray(0, 12).some((byte) => byte !== 0)) return false;
  const isShort = key[12] === 0 && key[13] === 0 && key[14] === 0;
  return !(isShort && (key[15] as number) <= 1);
}

function isTranslated(key: Uint8Array): boolean {
  return startsWith(key, translated);
}

function startsWith(key: Uint8Array, prefix: readonly number[]): boolean {
  return prefix.every((byte, index) => key[index] === byte);
}
