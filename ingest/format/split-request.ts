import { BLANK, isDigit, isLetter, QUESTION_MARK, SLASH } from "./byte.ts";
import { field, type ParsedLine } from "./line-format.ts";
import { endOfProtocol } from "./protocol.ts";
import { isAbsent, setSpan } from "./set-field.ts";

/** 1 for the bytes of a token, RFC 9110 section 5.6.2. */
const isToken = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) isToken[byte] = isLetter(byte) || isDigit(byte) ? 1 : 0;
for (const char of "!#$%&'*+-.^_`|~") isToken[char.charCodeAt(0)] = 1;

/**
 * Splits a request line into method, path, query and protocol, such that `METHOD SP PATH [? QUERY] [SP PROTOCOL]`
 * gives the same bytes again. What does not split (TLS, SSH, a lone word) becomes `requestRaw`; an empty
 * request and `-` leave all of them absent. The target may hold blanks, as visitors send them: it reaches
 * from the first blank to the last, where a protocol follows. Without a protocol it is HTTP/0.9 (RFC 1945
 * section 4.1): letters in upper case, then a target of one piece that begins with `/` or `*`.
 */
export function splitRequest(line: ParsedLine, bytes: Uint8Array, start: number, end: number): void {
  if (isAbsent(bytes, start, end)) return;
  let methodEnd = start;
  while (methodEnd < end && isToken[bytes[methodEnd] as number] === 1) methodEnd++;
  if (methodEnd === start || methodEnd >= end || bytes[methodEnd] !== BLANK) {
    setSpan(line, field.requestRaw, start, end);
    return;
  }
  let lastBlank = end - 1;
  while (bytes[lastBlank] !== BLANK) lastBlank--;
  const hasProtocol = lastBlank > methodEnd && endOfProtocol(bytes, lastBlank + 1, end) === end;
  const targetStart = methodEnd + 1;
  const targetEnd = hasProtocol ? lastBlank : end;
  const splits = hasProtocol || isOldRequest(bytes, start, methodEnd, lastBlank, end);
  if (!splits || targetStart >= targetEnd || bytes[targetStart] === QUESTION_MARK) {
    setSpan(line, field.requestRaw, start, end);
    return;
  }
  setSpan(line, field.method, start, methodEnd);
  splitTarget(line, bytes, targetStart, targetEnd);
  if (hasProtocol) setSpan(line, field.protocol, lastBlank + 1, end);
}

/** Splits a request's target at its first `?`; the query may be empty, the path may not. */
export function splitTarget(line: ParsedLine, bytes: Uint8Array, start: number, end: number): void {
  let pathEnd = start;
  while (pathEnd < end && bytes[pathEnd] !== QUESTION_MARK) pathEnd++;
  if (pathEnd > start) setSpan(line, field.path, start, pathEnd);
  if (pathEnd < end) setSpan(line, field.query, pathEnd + 1, end);
}

function isOldRequest(
  bytes: Uint8Array,
  start: number,
  methodEnd: number,
  lastBlank: number,
  end: number,
): boolean {
  if (lastBlank !== methodEnd || methodEnd + 1 >= end) return false;
  const first = bytes[methodEnd + 1];
  if (first !== SLASH && first !== 0x2a) return false;
  for (let i = start; i < methodEnd; i++) {
    const byte = bytes[i] as number;
    if (byte < 0x41 || byte > 0x5a) return false;
  }
  return true;
}
