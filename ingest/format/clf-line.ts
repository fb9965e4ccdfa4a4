import { reasonCode } from "../../src/reason.ts";
import { BLANK, CLOSE_BRACKET, HYPHEN, isDigit, OPEN_BRACKET, QUOTE } from "./byte.ts";
import { readClfColumns } from "./clf-columns.ts";
import { CLF_TIME_LENGTH, createTimeMemory, readClfTime, type TimeMemory } from "./clf-time.ts";
import { countTokens } from "./count-tokens.ts";
import { findLastingQuote, findQuote, isStatusAt } from "./find-end.ts";
import { field, type ParsedLine } from "./line-format.ts";
import { NO_NUMBER, readStatus, readWhole } from "./read-number.ts";
import { clearLine, isAbsent, refuseLine, setField } from "./set-field.ts";
import { splitRequest } from "./split-request.ts";

/** The four layouts of the Common Log Format, as the two things in which they differ. */
export const clfLayout = { common: 0, combined: 1, vhostCommon: 2, vhostCombined: 3 } as const;

/** What one source's lines are read with: the memory of its last time, and the layout of the last line read. */
export interface ClfReader {
  readonly memory: TimeMemory;
  layout: number;
}

export function createClfReader(): ClfReader {
  return { memory: createTimeMemory(), layout: clfLayout.common };
}

/**
 * Reads a line of any of the four layouts, `[VHOST[:PORT]] CLIENT IDENT USER [TIME] "REQUEST" STATUS BYTES
 * ["REFERRER" "AGENT"]` and whatever follows behind a blank, and says in `reader.layout` which it was. The
 * layouts exclude each other: a line has one or none.
 *
 * All turns on the time, whose shape nobody can give to anything else: Apache and nginx escape the quote that
 * must follow it, so a user name before it may hold blanks, quotes and brackets. Every search only moves
 * forward, so the work is linear.
 */
export function readClfLine(
  reader: ClfReader,
  bytes: Uint8Array,
  lineStart: number,
  end: number,
  line: ParsedLine,
): number {
  clearLine(line);
  const start = skipByteOrderMark(bytes, lineStart, end);
  const dateAt = findDate(reader.memory, bytes, start, end);
  if (dateAt === -1) return reasonCode.shape;
  const timeMs = reader.memory.ms;
  line.timeMs = timeMs;
  const hasVhost = readClfColumns(bytes, start, dateAt - 2, line);
  if (hasVhost === undefined) return refuseLine(line, timeMs, reasonCode.shape);
  const reason = readAfterDate(reader, bytes, dateAt + CLF_TIME_LENGTH + 3, end, line);
  if (reason !== reasonCode.parsed) return refuseLine(line, timeMs, reason);
  if (Number.isNaN(timeMs)) return refuseLine(line, timeMs, reasonCode.time);
  if (hasVhost) reader.layout += clfLayout.vhostCommon;
  return reasonCode.parsed;
}

/** A UTF-8 byte order mark, which some editors put before the first line. */
function skipByteOrderMark(bytes: Uint8Array, start: number, end: number): number {
  const isMark =
    start + 3 <= end && bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf;
  return isMark ? start + 3 : start;
}

/** Where the first time stands that has ` [` before and `] "` behind it, or -1. */
function findDate(memory: TimeMemory, bytes: Uint8Array, start: number, end: number): number {
  for (let i = start + 1; i < end; i++) {
    if (bytes[i] !== OPEN_BRACKET || bytes[i - 1] !== BLANK) continue;
    const close = i + 1 + CLF_TIME_LENGTH;
    if (bytes[close] !== CLOSE_BRACKET || bytes[close + 1] !== BLANK || bytes[close + 2] !== QUOTE) continue;
    if (close + 3 <= end && readClfTime(memory, bytes, i + 1, end)) return i + 1;
  }
  return -1;
}

/** Reads from the request on, which begins at `at`, and sets the layout as far as it shows there. */
function readAfterDate(
  reader: ClfReader,
  bytes: Uint8Array,
  at: number,
  end: number,
  line: ParsedLine,
): number {
  const requestEnd = findRequestEnd(bytes, at, end);
  if (requestEnd === -1) return reasonCode.shape;
  splitRequest(line, bytes, at, requestEnd);
  const statusAt = requestEnd + 2;
  line.status = readStatus(bytes, statusAt);
  const bytesAt = statusAt + (bytes[statusAt] === HYPHEN ? 2 : 4);
  const bytesEnd = endOfPiece(bytes, bytesAt, end);
  if (bytesEnd === bytesAt) return reasonCode.shape;
  if (!isAbsent(bytes, bytesAt, bytesEnd)) {
    for (let i = bytesAt; i < bytesEnd; i++) if (!isDigit(bytes[i] as number)) return reasonCode.shape;
    line.bytesSent = readWhole(bytes, bytesAt, bytesEnd);
    if (line.bytesSent === NO_NUMBER) return reasonCode.number;
  }
  return readTail(reader, bytes, bytesEnd, end, line);
}

/** The request's closing quote: the first with a status, and a blank behind that. */
function findRequestEnd(bytes: Uint8Array, at: number, end: number): number {
  let quote = findQuote(bytes, at, end);
  while (quote !== -1) {
    if (bytes[quote + 1] === BLANK && isStatusAt(bytes, quote + 2, end)) {
      const statusEnd = quote + (bytes[quote + 2] === HYPHEN ? 3 : 5);
      if (statusEnd < end && bytes[statusEnd] === BLANK) return quote;
    }
    quote = findQuote(bytes, quote + 1, end);
  }
  return -1;
}

/**
 * Referrer and agent, where they are, and a tail that has no place in the record. A line that ends in a blank
 * or within quotes was cut there: it is refused, for it may have lost its referrer or agent.
 */
function readTail(reader: ClfReader, bytes: Uint8Array, at: number, end: number, line: ParsedLine): number {
  reader.layout = clfLayout.common;
  if (at === end) return reasonCode.parsed;
  if (bytes[end - 1] === BLANK) return reasonCode.shape;
  const referrerEnd = readReferrer(bytes, at + 1, end);
  const hasMore = referrerEnd !== -1 && referrerEnd < end;
  if (hasMore && bytes[referrerEnd] === BLANK && bytes[referrerEnd + 1] === QUOTE) {
    const agentEnd = findLastingQuote(bytes, referrerEnd + 2, end);
    if (agentEnd === -1) return reasonCode.shape;
    const isQuoted = bytes[at + 1] === QUOTE ? 1 : 0;
    setField(line, field.referrer, bytes, at + 1 + isQuoted, referrerEnd - isQuoted);
    setField(line, field.userAgent, bytes, referrerEnd + 2, agentEnd);
    reader.layout = clfLayout.combined;
    line.unkeptFields += countTokens(bytes, agentEnd + 1, end);
    return reasonCode.parsed;
  }
  if (bytes[at + 1] === QUOTE && referrerEnd === -1) return reasonCode.shape;
  line.unkeptFields += countTokens(bytes, at, end);
  return reasonCode.parsed;
}

/**
 * Where the referrer that begins at `at` ends, its quote included, or -1. Some servers leave the quotes off;
 * then only `-` and what holds `://` pass, so that no number of a tail is taken for one.
 */
function readReferrer(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] === QUOTE) {
    const quote = findLastingQuote(bytes, at + 1, end);
    return quote === -1 ? -1 : quote + 1;
  }
  const pieceEnd = endOfPiece(bytes, at, end);
  if (isAbsent(bytes, at, pieceEnd)) return pieceEnd;
  for (let i = at; i + 2 < pieceEnd; i++) {
    if (bytes[i] === 0x3a && bytes[i + 1] === 0x2f && bytes[i + 2] === 0x2f) return pieceEnd;
  }
  return -1;
}

/** Where the piece at `at` ends: at the next blank, or the end of the line. */
function endOfPiece(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && bytes[i] !== BLANK) i++;
  return i;
}
