import { COLON, HYPHEN, isLetter, SLASH, ZERO } from "./byte.ts";
import { type CivilTime, instantMs, monthOfName, offsetMinutesOf } from "./instant.ts";

/** `10/Oct/2000:13:55:36 -0700` */
export const CLF_TIME_LENGTH = 26;

/**
 * The last time that was read, its bytes and its instant: lines of the same second, which is most lines of
 * a busy server, cost a compare.
 */
export interface TimeMemory {
  readonly known: Uint8Array;
  /** NaN when the bytes are no instant. */
  ms: number;
  readonly civil: CivilTime;
}

export function createTimeMemory(): TimeMemory {
  return {
    known: new Uint8Array(CLF_TIME_LENGTH),
    ms: Number.NaN,
    civil: {
      year: 0,
      month: 0,
      dayOfMonth: 0,
      hour: 0,
      minute: 0,
      second: 0,
      millisecond: 0,
      offsetMinutes: 0,
    },
  };
}

/**
 * True when the 26 bytes at `at` have the shape of a CLF time; `memory.ms` is then its instant, NaN when there
 * is no such instant. Shape is digits, letters and separators in their places and nothing else, so that
 * no other text of a line is taken for the time.
 */
export function readClfTime(memory: TimeMemory, bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at < CLF_TIME_LENGTH) return false;
  const { known } = memory;
  let i = CLF_TIME_LENGTH - 1;
  while (i >= 0 && bytes[at + i] === known[i]) i--;
  if (i < 0) return true;
  if (!readCivil(memory.civil, bytes, at)) return false;
  memory.ms = instantMs(memory.civil);
  for (let k = 0; k < CLF_TIME_LENGTH; k++) known[k] = bytes[at + k] as number;
  return true;
}

function readCivil(civil: CivilTime, bytes: Uint8Array, at: number): boolean {
  if (bytes[at + 2] !== SLASH || bytes[at + 6] !== SLASH || bytes[at + 11] !== COLON) return false;
  if (bytes[at + 14] !== COLON || bytes[at + 17] !== COLON || bytes[at + 20] !== 0x20) return false;
  if (!isLetter(bytes[at + 3] as number) || !isLetter(bytes[at + 4] as number)) return false;
  if (!isLetter(bytes[at + 5] as number)) return false;
  const signByte = bytes[at + 21] as number;
  if (signByte !== 0x2b && signByte !== HYPHEN) return false;
  const dayOfMonth = twoDigits(bytes, at);
  const century = twoDigits(bytes, at + 7);
  const yearOfCentury = twoDigits(bytes, at + 9);
  const hour = twoDigits(bytes, at + 12);
  const minute = twoDigits(bytes, at + 15);
  const second = twoDigits(bytes, at + 18);
  const offsetHours = twoDigits(bytes, at + 22);
  const offsetMinutes = twoDigits(bytes, at + 24);
  // One negative number makes the whole negative.
  if ((dayOfMonth | century | yearOfCentury | hour | minute | second | offsetHours | offsetMinutes) < 0)
    return false;
  civil.year = century * 100 + yearOfCentury;
  civil.month = monthOfName(bytes, at + 3);
  civil.dayOfMonth = dayOfMonth;
  civil.hour = hour;
  civil.minute = minute;
  civil.second = second;
  civil.millisecond = 0;
  civil.offsetMinutes = offsetMinutesOf(signByte === HYPHEN ? -1 : 1, offsetHours, offsetMinutes);
  return true;
}

/** The number of two digits at `at`, or -1. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] as number) - ZERO;
  const ones = (bytes[at + 1] as number) - ZERO;
  return tens >>> 0 > 9 || ones >>> 0 > 9 ? -1 : tens * 10 + ones;
}
