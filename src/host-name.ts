import { isIPv4, isIPv6 } from "node:net";
import { domainToASCII, domainToUnicode } from "node:url";
import { readClient } from "./address.ts";

/** The site of lines that name none, or none that a host can have. No host has this name. */
export const UNKNOWN_DOMAIN = "unknown";

/** RFC 1035 section 2.3.4, as text without the final dot. */
const HOST_LENGTH_MAX = 253;

const LABEL_LENGTH_MAX = 63;
const PORT_MAX = 65_535;

/** Longest input that is looked at: a name of which every character is one of an IDN, and a port. */
const INPUT_LENGTH_MAX = 1024;

const port = /:(\d{0,5})$/;
/** Letters, digits and hyphens; the underscore too, since names with it are in use and both servers serve them. */
const plainLabel = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/;
const idnLabel = /^xn--[a-z0-9-]+$/;
/** What URL parsers read as a part of an IPv4 address; no top-level domain looks like this (RFC 3696 section 2). */
const numericLabel = /^(?:\d+|0x[0-9a-f]*)$/;
// oxlint-disable-next-line no-control-regex
const ascii = /^[\x00-\x7f]*$/;

/**
 * The one spelling of a host name: lower case, no port, no final dot, punycode. Undefined for what is no host
 * name, which callers store as `unknown`: `_`, `*.nl`, `../../etc`, `user@evil`, `a%2fb`, `domain=x/date=y`.
 *
 * An address is a usable name, because a default virtual host has no other: IPv4 dotted, IPv6 in brackets, both
 * canonical. What only a URL parser takes for an address (`0x7f.1`, `1`, `256.1.1.1`) is no name.
 *
 * URL parsers and `domainToASCII` are not asked what a name means: they read full-width letters and soft hyphens
 * as `example.com`, and `example.com:443@evil` as `evil`. A label of an internationalised name is accepted
 * only if it comes back unchanged from punycode, letter case aside.
 */
export function canonicalHost(text: string): string | undefined {
  if (text.length > INPUT_LENGTH_MAX) return undefined;
  if (text.startsWith("[")) return bracketedAddress(text);
  const name = withoutFinalDot(withoutPort(text));
  if (isIPv4(name)) return name;
  const labels: string[] = [];
  for (const label of name.split(".")) {
    const canonical = ascii.test(label) ? asciiLabel(label.toLowerCase()) : internationalLabel(label);
    if (canonical === undefined || canonical.length > LABEL_LENGTH_MAX) return undefined;
    labels.push(canonical);
  }
  const host = labels.join(".");
  if (host.length > HOST_LENGTH_MAX || numericLabel.test(labels.at(-1) ?? "")) return undefined;
  return /[a-z0-9]/.test(host) ? host : undefined;
}

function bracketedAddress(text: string): string | undefined {
  const client = readClient(text);
  if (client === undefined || text.includes("%")) return undefined;
  return isIPv6(client.text) ? `[${client.text}]` : client.text;
}

function withoutPort(text: string): string {
  const match = port.exec(text);
  return match === null || Number(match[1]) > PORT_MAX ? text : text.slice(0, match.index);
}

function withoutFinalDot(name: string): string {
  return name.endsWith(".") ? name.slice(0, -1) : name;
}

function asciiLabel(label: string): string | undefined {
  if (!plainLabel.test(label)) return undefined;
  if (!label.startsWith("xn--")) return label;
  const unicode = domainToUnicode(label);
  return unicode !== label && !ascii.test(unicode) && domainToASCII(unicode) === label ? label : undefined;
}

/** Letters whose lower case has another upper case (the Kelvin sign, a dotted I) are spellings of something else. */
function internationalLabel(label: string): string | undefined {
  const lower = label.toLowerCase();
  if (lower.toUpperCase() !== label.toUpperCase()) return undefined;
  const punycode = domainToASCII(lower);
  return idnLabel.test(punycode) && domainToUnicode(punycode) === lower ? punycode : undefined;
}
