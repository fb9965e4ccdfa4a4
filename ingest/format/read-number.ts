import { DOT, isDigit, ZERO } from "./byte.ts";

/** What a number that does not fit reads as. Negative, because no number of a line is. */
export const NO_NUMBER = -1;

/** Every integer of 15 digits is exact as a double, and a petabyte has 16. */
const DIGITS_MAX = 15;

/** The status of three digits at `at`, NaN for `-`. */
export function readStatus(bytes: Uint8Array, at: number): number {
  if (!isDigit(bytes[at] as number)) return Number.NaN;
  return (
    (bytes[at] as number) * 100 + (bytes[at + 1] as number) * 10 + (bytes[at + 2] as number) - ZERO * 111
  );
}

/** The number that the digits from `start` to `end` spell, or {@link NO_NUMBER} when there are more than 15. */
export function readWhole(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > DIGITS_MAX) return NO_NUMBER;
  let value = 0;
  for (let i = start; i < end; i++) value = value * 10 + (bytes[i] as number) - ZERO;
  return value;
}

/** Where the digits at `at` end, and with `hasFraction` the dot and the digits behind them. */
export function endOfDigits(bytes: Uint8Array, at: number, end: number, hasFraction: boolean): number {
  let i = at;
  while (i < end && isDigit(bytes[i] as number)) i++;
  if (!hasFraction || i === at || i + 1 >= end || bytes[i] !== DOT || !isDigit(bytes[i + 1] as number))
    return i;
  i++;
  while (i < end && isDigit(bytes[i] as number)) i++;
  return i;
}

/**
 * `digits[.digits]` times `scale`, exact wherever the product is an integer: the digits are read as one
 * integer and divided once. {@link NO_NUMBER} when there are more than 15.
 */
export function readScaled(bytes: Uint8Array, start: number, end: number, scale: number): number {
  let value = 0;
  let digits = 0;
  let divisor = 1;
  let isFraction = false;
  for (let i = start; i < end; i++) {
    if (bytes[i] === DOT) {
      isFraction = true;
      continue;
    }
    if (++digits > DIGITS_MAX) return NO_NUMBER;
    value = value * 10 + (bytes[i] as number) - ZERO;
    if (isFraction) divisor *= 10;
  }
  return scale >= 1 ? (value * scale) / divisor : value / (divisor / scale);
}
