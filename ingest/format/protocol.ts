import { DOT, isDigit, isLetter, SLASH } from "./byte.ts";

/** Where the protocol that begins at `at` ends (`HTTP/1.1`, `HTTP/2`, `RTSP/1.0`), or -1 when none does. */
export function endOfProtocol(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && isLetter(bytes[at] as number)) at++;
  if (at === start || at + 1 >= end || bytes[at] !== SLASH || !isDigit(bytes[at + 1] as number)) return -1;
  at += 2;
  const hasMinor = at + 1 < end && bytes[at] === DOT && isDigit(bytes[at + 1] as number);
  return hasMinor ? at + 2 : at;
}
