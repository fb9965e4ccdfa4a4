import { BLANK, COLON, COMMA, HYPHEN, isDigit, isLetter, OPEN_BRACKET } from "./byte.ts";
import { isAddress, isAddressList } from "./is-address.ts";
import { field, type ParsedLine } from "./line-format.ts";
import { isAbsent, setField, setRemoteUser } from "./set-field.ts";

/** 1 for the bytes of a host's name, as configs spell them: `_` and `*` are vhosts too. */
const isNameByte = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) isNameByte[byte] = isLetter(byte) || isDigit(byte) ? 1 : 0;
for (const char of ".-_*") isNameByte[char.charCodeAt(0)] = 1;

/**
 * Reads the columns before the time, `bytes[start .. end]`: true when they are `VHOST[:PORT] CLIENT IDENT USER`,
 * false for `CLIENT IDENT USER`, undefined when they may be neither. A visitor writes only the user, the
 * last column, which may hold blanks, so the number of columns decides nothing:
 *
 * - a vhost is there only with four columns of which the second is an address or a list of them, or the first
 *   is `host:port` and the second is no `-`;
 * - without one, the client is an address, or else the second column is `-`, as in every log of a server that
 *   does not ask for identities (RFC 1413). So `https example.com 192.0.2.1 - john` is no line of CLF.
 */
export function readClfColumns(
  bytes: Uint8Array,
  start: number,
  end: number,
  line: ParsedLine,
): boolean | undefined {
  const firstEnd = endOfColumn(bytes, start, end);
  const secondStart = firstEnd + 1;
  const secondEnd = endOfColumn(bytes, secondStart, end);
  const thirdStart = secondEnd + 1;
  if (secondEnd >= end || firstEnd === start || secondEnd === secondStart) return undefined;
  const hasIdent = !isAbsent(bytes, secondStart, secondEnd);
  if (!hasIdent) {
    if (!isHostName(bytes, start, firstEnd) && !isAddressList(bytes, start, firstEnd)) return undefined;
  } else {
    const thirdEnd = endOfColumn(bytes, thirdStart, end);
    const hostEnd = endOfHost(bytes, start, firstEnd);
    const isVhost = hostEnd > start && (hostEnd < firstEnd || isAddressList(bytes, secondStart, secondEnd));
    if (isVhost && thirdEnd > thirdStart && thirdEnd < end) {
      setField(line, field.domain, bytes, start, hostEnd);
      setField(line, field.client, bytes, secondStart, secondEnd);
      if (!isAbsent(bytes, thirdStart, thirdEnd)) line.unkeptFields++;
      setRemoteUser(line, bytes, thirdEnd + 1, end);
      return true;
    }
    // `192.0.2.1 example.com - -`: a fourth column in front, whose kind nobody can tell.
    const isShifted = bytes[thirdStart] === HYPHEN && thirdEnd === thirdStart + 1 && thirdEnd < end;
    if (isShifted || !isAddressList(bytes, start, firstEnd)) return undefined;
    line.unkeptFields++;
  }
  setField(line, field.client, bytes, start, firstEnd);
  setRemoteUser(line, bytes, thirdStart, end);
  return false;
}

/** Where a column ends: at a blank, but not at one behind a comma, where a list of addresses goes on. */
function endOfColumn(bytes: Uint8Array, start: number, end: number): number {
  let i = start;
  while (i < end && (bytes[i] !== BLANK || (i > start && bytes[i - 1] === COMMA))) i++;
  return Math.min(i, end);
}

/**
 * Where the host of a vhost column ends: before its port, or with the column; `start` when it is no host. An
 * IPv6 address has colons of its own and needs brackets before a port.
 */
function endOfHost(bytes: Uint8Array, start: number, end: number): number {
  let digits = end;
  while (digits > start && isDigit(bytes[digits - 1] as number)) digits--;
  const hasPort = digits < end && end - digits <= 5 && digits - 1 > start && bytes[digits - 1] === COLON;
  const hostEnd = hasPort ? digits - 1 : end;
  if (bytes[start] === OPEN_BRACKET) return isAddress(bytes, start, hostEnd) ? hostEnd : start;
  for (let i = start; i < hostEnd; i++) {
    if (bytes[i] === COLON) return isAddress(bytes, start, end) ? end : start;
    if (isNameByte[bytes[i] as number] === 0) return start;
  }
  return hostEnd;
}

/** What may stand for a client whose address is not logged: a resolved name, `unix:`, `-`, a name with a port. */
function isHostName(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    if (isNameByte[bytes[i] as number] === 0 && bytes[i] !== COLON) return false;
  }
  return true;
}
