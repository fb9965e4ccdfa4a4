import { BACKSLASH, BLANK, DOT, HYPHEN, isDigit, QUOTE } from "./byte.ts";

/** Where the quoted text that begins at `at` ends: its first quote that no backslash takes, or -1. */
export function findQuote(bytes: Uint8Array, at: number, end: number): number {
  for (let i = at; i < end; i++) {
    const byte = bytes[i];
    if (byte === QUOTE) return i;
    if (byte === BACKSLASH) i++;
  }
  return -1;
}

/** As {@link findQuote}, for a quote with a blank or the end of the line behind it. */
export function findLastingQuote(bytes: Uint8Array, at: number, end: number): number {
  let quote = findQuote(bytes, at, end);
  while (quote !== -1 && quote + 1 < end && bytes[quote + 1] !== BLANK)
    quote = findQuote(bytes, quote + 1, end);
  return quote;
}

/** True when a status stands at `at`: three digits or `-`, and then nothing that goes on with it. */
export function isStatusAt(bytes: Uint8Array, at: number, end: number): boolean {
  const next = at < end && bytes[at] === HYPHEN ? at + 1 : at + 3;
  if (next > end || (next === at + 3 && !areDigits(bytes, at))) return false;
  return next === end || (!isDigit(bytes[next] as number) && bytes[next] !== DOT);
}

function areDigits(bytes: Uint8Array, at: number): boolean {
  return isDigit(bytes[at] as number) && isDigit(bytes[at + 1] as number) && isDigit(bytes[at + 2] as number);
}
