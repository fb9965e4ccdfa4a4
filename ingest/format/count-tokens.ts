import { BLANK, HYPHEN, QUOTE } from "./byte.ts";
import { findQuote } from "./find-end.ts";

/** How many values stand between blanks, quoted text as one; `-` and `""` are none. */
export function countTokens(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  let at = start;
  while (at < end) {
    if (bytes[at] === BLANK) {
      at++;
      continue;
    }
    const isQuoted = bytes[at] === QUOTE;
    const from = isQuoted ? at + 1 : at;
    const to = isQuoted ? closingQuote(bytes, from, end) : nextBlank(bytes, from, end);
    if (to > from + 1 || (to === from + 1 && bytes[from] !== HYPHEN)) count++;
    at = isQuoted ? to + 1 : to;
  }
  return count;
}

function closingQuote(bytes: Uint8Array, at: number, end: number): number {
  const quote = findQuote(bytes, at, end);
  return quote === -1 ? end : quote;
}

function nextBlank(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && bytes[i] !== BLANK) i++;
  return i;
}
