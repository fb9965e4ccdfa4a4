import { appendBytes, type ByteList, reserve, usedBytes } from "./columns/column.ts";

/** How a server escaped the bytes of a field when it wrote the line. The numbers are tags of dictionary entries. */
export const escapeRule = {
  /** Bytes stand as they are. */
  none: 0,
  /** nginx `escape=default`: `\xHH` for `"`, `\`, bytes below 0x20 and above 0x7e. Nothing else begins with `\`. */
  nginx: 1,
  /**
   * Apache httpd 2.0.46 and later: `\"`, `\\`, `\b \n \r \t \v` and `\xhh`. It reads what nginx writes, too:
   * nginx never leaves a bare backslash.
   */
  apache: 2,
  /** A JSON string's own escapes, `\uXXXX` and surrogate pairs included. */
  json: 3,
} as const;

export type EscapeRule = (typeof escapeRule)[keyof typeof escapeRule];

const BACKSLASH = 0x5c;
const HEX_DIGITS = new TextEncoder().encode("0123456789ABCDEF");

/**
 * Appends one logged value to `list` as stored text: the server's escapes are undone once, then every byte
 * that is not part of valid UTF-8, every control byte (0x00 to 0x1f, 0x7f) and the backslash is written
 * `\xHH`. So stored text is always valid UTF-8 on one line, and {@link bytesOfText} gives back exactly the
 * bytes that the visitor sent. Never throws: an escape that is none stands for its own bytes.
 */
export function appendText(
  list: ByteList,
  source: Uint8Array,
  start: number,
  end: number,
  rule: EscapeRule,
): number {
  if (isPlain(source, start, end)) return appendBytes(list, source, start, end);
  if (rule === escapeRule.none) return appendEncoded(list, source, start, end);
  const raw = unescapeLogged(source.subarray(start, end), rule);
  return appendEncoded(list, raw, 0, raw.length);
}

/** The bytes that a visitor sent, from what the server logged. */
export function unescapeLogged(logged: Uint8Array, rule: EscapeRule): Uint8Array {
  if (rule === escapeRule.none || !logged.includes(BACKSLASH)) return logged;
  if (rule === escapeRule.json) return unescapeJson(logged);
  const raw = new Uint8Array(logged.length);
  let length = 0;
  for (let i = 0; i < logged.length; i++) {
    const byte = logged[i] as number;
    if (byte !== BACKSLASH) {
      raw[length++] = byte;
      continue;
    }
    const hex = hexByte(logged, i + 1);
    if (hex !== -1) {
      raw[length++] = hex;
      i += 3;
      continue;
    }
    const simple = rule === escapeRule.apache ? simpleEscape(logged[i + 1]) : -1;
    raw[length++] = simple === -1 ? BACKSLASH : simple;
    if (simple !== -1) i++;
  }
  return raw.subarray(0, length);
}

/** The bytes behind stored text: the inverse of the encoding of {@link appendText}. */
export function bytesOfText(text: Uint8Array): Uint8Array {
  return unescapeLogged(text, escapeRule.nginx);
}

/** The stored text of some bytes, for what people type and for tests. */
export function textOfBytes(bytes: Uint8Array): string {
  const list: ByteList = { bytes: new Uint8Array(bytes.length * 4), offsets: new Uint32Array(2), size: 0 };
  appendEncoded(list, bytes, 0, bytes.length);
  return new TextDecoder().decode(list.bytes.subarray(0, usedBytes(list)));
}

function isPlain(source: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = source[i] as number;
    if (byte < 0x20 || byte > 0x7e || byte === BACKSLASH) return false;
  }
  return true;
}

function appendEncoded(list: ByteList, source: Uint8Array, start: number, end: number): number {
  reserve(list, (end - start) * 4);
  const { bytes } = list;
  let at = usedBytes(list);
  let i = start;
  while (i < end) {
    const byte = source[i] as number;
    if (byte >= 0x20 && byte < 0x7f && byte !== BACKSLASH) {
      bytes[at++] = byte;
      i++;
      continue;
    }
    const length = byte < 0x80 ? 0 : utf8SequenceLength(source, i, end);
    if (length > 0) {
      for (let k = 0; k < length; k++) bytes[at++] = source[i + k] as number;
      i += length;
      continue;
    }
    bytes[at++] = BACKSLASH;
    bytes[at++] = 0x78;
    bytes[at++] = HEX_DIGITS[byte >> 4] as number;
    bytes[at++] = HEX_DIGITS[byte & 15] as number;
    i++;
  }
  list.offsets[list.size + 1] = at;
  return list.size++;
}

/**
 * Length of the well-formed UTF-8 sequence that begins at `at` with a byte of 0x80 or more, or 0.
 * Source: The Unicode Standard, table 3-7 (no overlong forms, no surrogates, nothing above U+10FFFF).
 */
function utf8SequenceLength(source: Uint8Array, at: number, end: number): number {
  const first = source[at] as number;
  const second = at + 1 < end ? (source[at + 1] as number) : 0;
  if (first >= 0xc2 && first <= 0xdf) return isContinuation(second) ? 2 : 0;
  const third = at + 2 < end ? (source[at + 2] as number) : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const low = first === 0xe0 ? 0xa0 : 0x80;
    const high = first === 0xed ? 0x9f : 0xbf;
    return second >= low && second <= high && isContinuation(third) ? 3 : 0;
  }
  if (first < 0xf0 || first > 0xf4) return 0;
  const fourth = at + 3 < end ? (source[at + 3] as number) : 0;
  const low = first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xf4 ? 0x8f : 0xbf;
  return second >= low && second <= high && isContinuation(third) && isContinuation(fourth) ? 4 : 0;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

/** The byte of `xHH` at `at`, or -1. */
function hexByte(source: Uint8Array, at: number): number {
  if (source[at] !== 0x78) return -1;
  const high = hexDigit(source[at + 1]);
  const low = hexDigit(source[at + 2]);
  return high === -1 || low === -1 ? -1 : high * 16 + low;
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** What Apache's `\"`, `\\`, `\b`, `\n`, `\r`, `\t`, `\v` stand for, or -1. Source: util.c, ap_escape_logitem. */
function simpleEscape(byte: number | undefined): number {
  switch (byte) {
    case 0x22:
    case BACKSLASH:
      return byte;
    case 0x62:
      return 0x08;
    case 0x6e:
      return 0x0a;
    case 0x72:
      return 0x0d;
    case 0x74:
      return 0x09;
    case 0x76:
      return 0x0b;
    case undefined:
    default:
      return -1;
  }
}

/**
 * A JSON string's bytes. A lone surrogate has no UTF-8 form and stands for the bytes of its escape; an
 * escape that JSON does not know stands for itself.
 */
function unescapeJson(logged: Uint8Array): Uint8Array {
  const raw = new Uint8Array(logged.length);
  const encoder = new TextEncoder();
  let length = 0;
  let i = 0;
  while (i < logged.length) {
    const byte = logged[i] as number;
    if (byte !== BACKSLASH) {
      raw[length++] = byte;
      i++;
      continue;
    }
    const unit = unicodeUnit(logged, i);
    if (unit === -1) {
      const simple = jsonEscape(logged[i + 1]);
      raw[length++] = simple === -1 ? BACKSLASH : simple;
      i += simple === -1 ? 1 : 2;
      continue;
    }
    const next = unit >= 0xd800 && unit < 0xdc00 ? unicodeUnit(logged, i + 6) : -1;
    const isPair = next >= 0xdc00 && next < 0xe000;
    if (unit >= 0xd800 && unit < 0xe000 && !isPair) {
      raw[length++] = BACKSLASH;
      i++;
      continue;
    }
    const codePoint = isPair ? 0x1_0000 + ((unit - 0xd800) << 10) + (next - 0xdc00) : unit;
    length += encoder.encodeInto(String.fromCodePoint(codePoint), raw.subarray(length)).written;
    i += isPair ? 12 : 6;
  }
  return raw.subarray(0, length);
}

/** The code unit of `\uHHHH` at `at`, or -1. */
function unicodeUnit(source: Uint8Array, at: number): number {
  if (source[at] !== BACKSLASH || source[at + 1] !== 0x75) return -1;
  let unit = 0;
  for (let i = at + 2; i < at + 6; i++) {
    const digit = hexDigit(source[i]);
    if (digit === -1) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

function jsonEscape(byte: number | undefined): number {
  if (byte === 0x2f) return byte;
  if (byte === 0x66) return 0x0c;
  return byte === 0x76 ? -1 : simpleEscape(byte);
}
