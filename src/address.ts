import { isIP, isIPv4 } from "node:net";

/** An address as look-ups use it: 16 bytes in network order, IPv4 as ::ffff:a.b.c.d. */
export type AddressKey = Uint8Array;

/** An inclusive range of keys. */
export interface Network {
  readonly first: AddressKey;
  readonly last: AddressKey;
}

export interface Client {
  readonly key: AddressKey;
  /** RFC 5952; IPv4, mapped or not, dotted. */
  readonly text: string;
}

/** No notation of one address is longer: 45 characters, brackets, a port, and an interface's name as zone. */
const NOTATION_LENGTH_MAX = 100;

const PORT_MAX = 65_535;

/** How many bits of a key stand before the IPv4 address. */
const MAPPED_PREFIX_BITS = 96;

const bracketed = /^\[([^[\]]*)\](?::(\d{1,5}))?$/;
const dottedWithPort = /^([\d.]{7,15}):(\d{1,5})$/;
const prefixLength = /^(?:0|[1-9]\d{0,2})$/;

/**
 * Reads what stands in a log's client field, when that is exactly one address: `192.0.2.1`, `2001:db8::1`,
 * also as `[2001:db8::1]`, `192.0.2.1:80`, `[2001:db8::1]:443` and `fe80::1%eth0`. The port goes, because the
 * privacy policy names the address and no port among what is kept; the zone goes, because it names an
 * interface of the server and not the client. IPv4-mapped IPv6 is IPv4.
 *
 * Undefined for everything else, `net.isIP` being the judge: `1`, `127.1`, `0x7f.1` and `01.2.3.4` are no
 * addresses, nor are host names, lists, `-` and `unix:`.
 */
export function readClient(text: string): Client | undefined {
  const address = withoutPort(text);
  const key = address === undefined ? undefined : keyOf(address);
  return key === undefined ? undefined : { key, text: formatAddress(key) };
}

/** The address behind a key in the canonical form of RFC 5952; IPv4 (::ffff:0:0/96) dotted. */
export function formatAddress(key: AddressKey): string {
  if (isMapped(key)) return key.subarray(12).join(".");
  const groups = Array.from(
    { length: 8 },
    (_, i) => ((key[2 * i] as number) << 8) | (key[2 * i + 1] as number),
  );
  const { start, length } = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + length).join(":")}`;
}

/**
 * Reads one address (as {@link readClient} does) or a network in CIDR notation, such as `192.0.2.0/24`,
 * `2001:db8::/32` or `::ffff:192.0.2.0/120`, as the range of keys that it covers. Bits behind the prefix are
 * tolerated: `192.0.2.77/24` is `192.0.2.0/24`. An IPv6 network that encloses ::ffff:0:0/96 covers IPv4.
 */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf("/");
  if (slash === -1) {
    const client = readClient(text);
    return client && { first: client.key, last: client.key };
  }
  const address = text.slice(0, slash);
  const lengthText = text.slice(slash + 1);
  const key = address.includes("%") ? undefined : keyOf(address);
  if (key === undefined || !prefixLength.test(lengthText)) return undefined;
  const bits = Number(lengthText) + (isIPv4(address) ? MAPPED_PREFIX_BITS : 0);
  return bits > 128 ? undefined : { first: withTail(key, bits, 0x00), last: withTail(key, bits, 0xff) };
}

/** True for the key of an IPv4 address. */
export function isMapped(key: AddressKey): boolean {
  for (let i = 0; i < 10; i++) if (key[i] !== 0) return false;
  return key[10] === 0xff && key[11] === 0xff;
}

/** A copy of `key` whose bits from bit `bits` on are those of `filler`, 0x00 or 0xff. */
export function withTail(key: AddressKey, bits: number, filler: 0x00 | 0xff): AddressKey {
  const copy = key.slice();
  const whole = bits >> 3;
  copy.fill(filler, Math.min(whole + 1, 16));
  if (whole < 16) {
    const mask = 0xff >> (bits & 7);
    copy[whole] = ((copy[whole] as number) & ~mask) | (filler & mask);
  }
  return copy;
}

function withoutPort(text: string): string | undefined {
  if (text.length > NOTATION_LENGTH_MAX) return undefined;
  const match = bracketed.exec(text) ?? dottedWithPort.exec(text);
  if (match === null) return text;
  const [, address, port] = match;
  if (address === undefined || Number(port ?? 0) > PORT_MAX) return undefined;
  return text.startsWith("[") && isIPv4(address) ? undefined : address;
}

/** The key of one address without port; a zone is ignored. */
function keyOf(text: string): AddressKey | undefined {
  const version = isIP(text);
  if (version === 0) return undefined;
  const key = new Uint8Array(16);
  if (version === 4) {
    key.fill(0xff, 10, 12);
    key.set(text.split(".").map(Number), 12);
    return key;
  }
  const [address = ""] = text.split("%", 1);
  const [head = "", tail] = address.split("::", 2);
  const headBytes = groupBytes(head);
  const tailBytes = groupBytes(tail ?? "");
  key.set(headBytes);
  key.set(tailBytes, 16 - tailBytes.length);
  return key;
}

/** The bytes of one side of `::`; the last group may be a dotted IPv4 address. */
function groupBytes(side: string): readonly number[] {
  if (side === "") return [];
  return side.split(":").flatMap((group) => {
    if (group.includes(".")) return group.split(".").map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

/** The longest run of zero groups, the first of several (RFC 5952 section 4.2.3). */
function longestZeroRun(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  for (const [i, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0;
    if (length > best.length) best = { start: i + 1 - length, length };
  }
  return best;
}
