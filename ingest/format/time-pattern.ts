import { HYPHEN, isDigit, isLetter, ZERO } from "./byte.ts";
import { CLF_TIME_LENGTH, readClfTime, type TimeMemory } from "./clf-time.ts";
import { boundedInstantMs, instantMs, monthOfName, offsetMinutesOf } from "./instant.ts";
import { endOfDigits, NO_NUMBER, readWhole } from "./read-number.ts";

/** What a place of a time pattern holds. */
export const timePart = {
  literal: 0,
  year: 1,
  yearOfCentury: 2,
  month: 3,
  monthName: 4,
  dayOfMonth: 5,
  /** `%e`: one digit has a blank before it. */
  paddedDayOfMonth: 6,
  hour: 7,
  hourOfHalfDay: 8,
  halfDay: 9,
  minute: 10,
  second: 11,
  millisecond: 12,
  microsecond: 13,
  /** A dot and digits, or nothing. */
  fraction: 14,
  /** `Z`, `+HHMM` or `+HH:MM`. */
  offset: 15,
  /** A name that says nothing new: of a weekday, of a zone that is there as an offset too. */
  name: 16,
  epochSeconds: 17,
  epochMilliseconds: 18,
  epochMicroseconds: 19,
} as const;

export type TimePart = (typeof timePart)[keyof typeof timePart];

/** The most digits or letters in a row that a part reads: more are no time, and reading them would not be bounded. */
const RUN_MAX = 20;

/** How a format writes its time. A pattern without an offset is UTC, as nothing better is known. */
export interface TimePattern {
  readonly parts: readonly TimePart[];
  /** The byte of each literal part, 0 for the others. */
  readonly literals: Uint8Array;
  /** True for `dd/Mon/yyyy:HH:MM:SS +zzzz`, for which there is a quicker way. */
  readonly isClf: boolean;
}

/**
 * Where the time that begins at `at` ends, or -1 when none has the pattern's shape there; `memory.ms` is its
 * instant, NaN when there is no such instant.
 */
export function readTime(
  memory: TimeMemory,
  pattern: TimePattern,
  bytes: Uint8Array,
  at: number,
  end: number,
): number {
  if (pattern.isClf) return readClfTime(memory, bytes, at, end) ? at + CLF_TIME_LENGTH : -1;
  // What stands in the memory is no CLF time any more.
  memory.known[0] = 0;
  const { civil } = memory;
  civil.year = 1970;
  civil.month = 1;
  civil.dayOfMonth = 1;
  civil.hour = 0;
  civil.minute = 0;
  civil.second = 0;
  civil.millisecond = 0;
  civil.offsetMinutes = 0;
  memory.ms = Number.NaN;
  let next = at;
  let isEpoch = false;
  for (let i = 0; i < pattern.parts.length; i++) {
    const part = pattern.parts[i] as number;
    if (part >= timePart.epochSeconds) {
      isEpoch = true;
      next = readEpoch(memory, part, bytes, next, end);
    } else if (part === timePart.literal) {
      next = next < end && bytes[next] === pattern.literals[i] ? next + 1 : -1;
    } else {
      next = readPart(memory, part, bytes, next, end);
    }
    if (next === -1) return -1;
  }
  memory.ms = isEpoch ? boundedInstantMs(memory.ms + civil.millisecond) : instantMs(civil);
  return next;
}

function readPart({ civil }: TimeMemory, part: number, bytes: Uint8Array, at: number, end: number): number {
  switch (part) {
    case timePart.year:
      civil.year = digits(bytes, at, end, 4);
      return civil.year === NO_NUMBER ? -1 : at + 4;
    case timePart.month:
      civil.month = digits(bytes, at, end, 2);
      return civil.month === NO_NUMBER ? -1 : at + 2;
    case timePart.monthName:
      if (endOfLetters(bytes, at, end) < at + 3) return -1;
      civil.month = monthOfName(bytes, at);
      return at + 3;
    case timePart.dayOfMonth:
      civil.dayOfMonth = digits(bytes, at, end, 2);
      return civil.dayOfMonth === NO_NUMBER ? -1 : at + 2;
    case timePart.paddedDayOfMonth: {
      const isPadded = bytes[at] === 0x20 ? 1 : 0;
      civil.dayOfMonth = digits(bytes, at + isPadded, end, 2 - isPadded);
      return civil.dayOfMonth === NO_NUMBER ? -1 : at + 2;
    }
    case timePart.yearOfCentury: {
      const year = digits(bytes, at, end, 2);
      // POSIX strptime: 69 to 99 are of the twentieth century.
      civil.year = year + (year < 69 ? 2000 : 1900);
      return year === NO_NUMBER ? -1 : at + 2;
    }
    case timePart.hour:
      civil.hour = digits(bytes, at, end, 2);
      return civil.hour === NO_NUMBER ? -1 : at + 2;
    case timePart.hourOfHalfDay: {
      const hour = digits(bytes, at, end, 2);
      civil.hour += hour < 1 || hour > 12 ? 24 : hour % 12;
      return hour === NO_NUMBER ? -1 : at + 2;
    }
    case timePart.halfDay: {
      const letter = endOfLetters(bytes, at, end) === at + 2 ? (bytes[at] as number) | 0x20 : 0;
      if (letter === 0x70) civil.hour += 12;
      return letter === 0x61 || letter === 0x70 ? at + 2 : -1;
    }
    case timePart.minute:
      civil.minute = digits(bytes, at, end, 2);
      return civil.minute === NO_NUMBER ? -1 : at + 2;
    case timePart.second:
      civil.second = digits(bytes, at, end, 2);
      return civil.second === NO_NUMBER ? -1 : at + 2;
    case timePart.millisecond:
      civil.millisecond = digits(bytes, at, end, 3);
      return civil.millisecond === NO_NUMBER ? -1 : at + 3;
    case timePart.microsecond:
      civil.millisecond = Math.floor(digits(bytes, at, end, 6) / 1000);
      return civil.millisecond === NO_NUMBER ? -1 : at + 6;
    case timePart.fraction: {
      const hasDot = at < end && bytes[at] === 0x2e;
      const fractionEnd = hasDot ? endOfDigits(bytes, at + 1, Math.min(end, at + RUN_MAX), false) : at;
      if (fractionEnd === at + 1) return -1;
      if (fractionEnd > at) civil.millisecond = millisecondsOf(bytes, at + 1, fractionEnd);
      return fractionEnd;
    }
    case timePart.offset:
      return readOffset(civil, bytes, at, end);
    case timePart.name: {
      const nameEnd = endOfLetters(bytes, at, end);
      return nameEnd === at ? -1 : nameEnd;
    }
    default:
      return -1;
  }
}

/** What is below the millisecond is cut off. A number of too many digits is no instant that has a day. */
function readEpoch(memory: TimeMemory, part: number, bytes: Uint8Array, at: number, end: number): number {
  const digitsEnd = endOfDigits(bytes, at, Math.min(end, at + RUN_MAX), false);
  if (digitsEnd === at) return -1;
  const keptEnd = part === timePart.epochMicroseconds ? Math.max(at, digitsEnd - 3) : digitsEnd;
  const value = readWhole(bytes, at, keptEnd);
  const scale = part === timePart.epochSeconds ? 1000 : 1;
  memory.ms = value === NO_NUMBER ? Number.NaN : value * scale;
  return digitsEnd;
}

function readOffset(civil: TimeMemory["civil"], bytes: Uint8Array, at: number, end: number): number {
  if (at < end && bytes[at] === 0x5a) return at + 1;
  const isEast = bytes[at] === 0x2b;
  if (at >= end || (!isEast && bytes[at] !== HYPHEN)) return -1;
  const minutesAt = bytes[at + 3] === 0x3a ? at + 4 : at + 3;
  const hours = digits(bytes, at + 1, end, 2);
  const minutes = digits(bytes, minutesAt, end, 2);
  if (hours === NO_NUMBER || minutes === NO_NUMBER) return -1;
  civil.offsetMinutes = offsetMinutesOf(isEast ? 1 : -1, hours, minutes);
  return minutesAt + 2;
}

/** The number of exactly `count` digits at `at`, or {@link NO_NUMBER}. */
function digits(bytes: Uint8Array, at: number, end: number, count: number): number {
  if (at + count > end) return NO_NUMBER;
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const byte = bytes[i] as number;
    if (!isDigit(byte)) return NO_NUMBER;
    value = value * 10 + byte - ZERO;
  }
  return value;
}

/** The first three digits of a fraction, cut and not rounded, so that no time moves into the next second. */
function millisecondsOf(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < start + 3; i++) value = value * 10 + (i < end ? (bytes[i] as number) - ZERO : 0);
  return value;
}

function endOfLetters(bytes: Uint8Array, at: number, end: number): number {
  const limit = Math.min(end, at + RUN_MAX);
  let i = at;
  while (i < limit && isLetter(bytes[i] as number)) i++;
  return i;
}
