import { BLANK, HYPHEN, QUOTE } from "./byte.ts";
import { FIELD_COUNT, field, type ParsedLine } from "./line-format.ts";

/** Forgets what the line before it held. */
export function clearLine(line: ParsedLine): void {
  const { spans } = line;
  for (let i = 0; i < FIELD_COUNT * 2; i++) spans[i] = -1;
  line.timeMs = Number.NaN;
  line.status = Number.NaN;
  line.bytesSent = Number.NaN;
  line.durationMs = Number.NaN;
  line.unkeptFields = 0;
}

/** Leaves nothing but the time, and returns `reason`: what a parser does with a line it cannot read. */
export function refuseLine(line: ParsedLine, timeMs: number, reason: number): number {
  clearLine(line);
  line.timeMs = timeMs;
  return reason;
}

/** True for nothing and for `-`, which every server writes for a value that is not there. */
export function isAbsent(bytes: Uint8Array, start: number, end: number): boolean {
  return end <= start || (end === start + 1 && bytes[start] === HYPHEN);
}

/** Sets a field of a cleared line; it stays absent when nothing or `-` is there. */
export function setField(
  line: ParsedLine,
  index: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  if (!isAbsent(bytes, start, end)) setSpan(line, index, start, end);
}

export function setSpan(line: ParsedLine, index: number, start: number, end: number): void {
  line.spans[index * 2] = start;
  line.spans[index * 2 + 1] = end;
}

/**
 * As {@link setField}, with two more ways to say that nobody logged in: Apache writes two quotes for a name of no
 * characters (mod_log_config, log_remote_user), and Jetty puts blanks around its hyphen.
 */
export function setRemoteUser(line: ParsedLine, bytes: Uint8Array, start: number, end: number): void {
  if (end === start + 2 && bytes[start] === QUOTE && bytes[start + 1] === QUOTE) return;
  if (bytes[start] === BLANK || bytes[end - 1] === BLANK) {
    let from = start;
    let to = end;
    while (from < to && bytes[from] === BLANK) from++;
    while (to > from && bytes[to - 1] === BLANK) to--;
    if (isAbsent(bytes, from, to)) return;
  }
  setField(line, field.remoteUser, bytes, start, end);
}
