import { BLANK, CLOSE_BRACKET, COLON, COMMA, DOT, isDigit, OPEN_BRACKET } from "./byte.ts";

/**
 * True when the bytes are one IPv4 or IPv6 address in text and nothing else: what decides whether a column
 * is a client, so no host name, no port and no list passes. A zone (`%eth0`) and brackets may stand around
 * an IPv6 address. Source: RFC 4291 section 2.2.
 */
export function isAddress(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start] === OPEN_BRACKET) {
    return bytes[end - 1] === CLOSE_BRACKET && isIpv6(bytes, start + 1, end - 1);
  }
  return isIpv4(bytes, start, end) || isIpv6(bytes, start, end);
}

/** True for one address, or several with a comma and perhaps a blank between them, as proxies add them. */
export function isAddressList(bytes: Uint8Array, start: number, end: number): boolean {
  let from = start;
  for (let i = start; i < end; i++) {
    if (bytes[i] !== COMMA) continue;
    if (!isAddress(bytes, from, i)) return false;
    if (bytes[i + 1] === BLANK) i++;
    from = i + 1;
  }
  return isAddress(bytes, from, end);
}

function isIpv4(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 7 || end - start > 15) return false;
  let dots = 0;
  let value = -1;
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number;
    if (isDigit(byte)) {
      value = (value === -1 ? 0 : value * 10) + byte - 0x30;
      if (value > 255) return false;
    } else if (byte === DOT && value !== -1) {
      dots++;
      value = -1;
    } else {
      return false;
    }
  }
  return dots === 3 && value !== -1;
}

function isIpv6(bytes: Uint8Array, start: number, end: number): boolean {
  let groups = 0;
  let digits = 0;
  let gaps = 0;
  let at = start;
  let groupStart = start;
  for (; at < end; at++) {
    const byte = bytes[at] as number;
    if (isHexDigit(byte)) {
      if (++digits > 4) return false;
    } else if (byte === COLON) {
      const isGap = at > start && bytes[at - 1] === COLON;
      if (digits === 0 && !isGap && (at !== start || bytes[at + 1] !== COLON)) return false;
      if (isGap && ++gaps > 1) return false;
      if (digits > 0) groups++;
      digits = 0;
      groupStart = at + 1;
    } else {
      break;
    }
  }
  if (at < end && bytes[at] === DOT) {
    const isWhole = groups + gaps > 0 && isIpv4(bytes, groupStart, end);
    return isWhole && (gaps === 0 ? groups === 6 : groups <= 5);
  }
  if (at < end && (bytes[at] !== 0x25 || at + 1 === end)) return false;
  if (digits > 0) groups++;
  else if (gaps === 0 || bytes[at - 2] !== COLON) return false;
  return gaps === 0 ? groups === 8 : groups <= 7;
}

function isHexDigit(byte: number): boolean {
  const lower = byte | 0x20;
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x66);
}
