import { HEADER_BYTES_MAX } from "../seal/age-header.ts";
import { dayKeyNameOf, formatDayKey } from "../seal/day-key-name.ts";
import { type OpenRequest, openPurposes, type SealedHeader } from "./custodian.ts";

/** Opening one takes some tenths of a millisecond: no request keeps the others waiting for long. */
export const HEADERS_MAX = 1000;

/** Each is unwrapped for the request alone, and lies in memory until its end. */
export const DAY_KEYS_MAX = 100;

/** Our own headers have about 200 bytes each. What is longer names more recipients, each of which costs a try. */
export const HEADER_BYTES_SUM_MAX = 256 * 1024;

/** A file number, and some words with it. */
export const CASE_LENGTH_MAX = 200;

const lookupPattern = /^[0-9a-f]{32}$/;

/** What is wrong with a request as a whole, for people; undefined when it may be admitted. */
export function problemOfRequest(request: OpenRequest): string | undefined {
  const { lookup, purpose, headers } = request;
  if (!lookupPattern.test(lookup)) return "the look-up's id is not 32 hex digits";
  if (!openPurposes.includes(purpose)) return "the purpose is none of query, verify and hold";
  if ((request.case !== undefined) !== (purpose === "hold"))
    return "a hold names its case, and nothing else does";
  if ((request.case?.length ?? 0) > CASE_LENGTH_MAX)
    return `its case has more than ${CASE_LENGTH_MAX} characters`;
  if (headers.length === 0) return "it asks for no object";
  if (headers.length > HEADERS_MAX) return `it asks for more than ${HEADERS_MAX} objects at once`;
  const dayKeys = new Set<string>();
  let sizeBytes = 0;
  for (const { view, key, header } of headers) {
    const name = dayKeyNameOf(view, key);
    if (name === undefined) return "it asks for something that is no sealed object";
    dayKeys.add(formatDayKey(name));
    sizeBytes += header.length;
  }
  if (dayKeys.size > DAY_KEYS_MAX) return `it asks for more than ${DAY_KEYS_MAX} days and classes at once`;
  if (sizeBytes > HEADER_BYTES_SUM_MAX) return `its headers have more than ${HEADER_BYTES_SUM_MAX} bytes`;
  return undefined;
}

/**
 * The same look-up in requests that keep to the limits, in the order of its headers. What is too long for a
 * header goes as an empty one, which opens as little.
 */
export function splitRequest(request: OpenRequest): readonly OpenRequest[] {
  const parts: SealedHeader[][] = [];
  let part: SealedHeader[] = [];
  let dayKeys = new Set<string>();
  let sizeBytes = 0;
  for (const sealed of request.headers) {
    const header = sealed.header.length > HEADER_BYTES_MAX ? new Uint8Array() : sealed.header;
    const dayKey = dayKeyTextOf(sealed);
    const isFull =
      part.length === HEADERS_MAX ||
      (dayKeys.size === DAY_KEYS_MAX && !dayKeys.has(dayKey)) ||
      sizeBytes + header.length > HEADER_BYTES_SUM_MAX;
    if (isFull || part.length === 0) {
      part = [];
      parts.push(part);
      dayKeys = new Set();
      sizeBytes = 0;
    }
    part.push({ ...sealed, header });
    dayKeys.add(dayKey);
    sizeBytes += header.length;
  }
  return parts.map((headers) => ({ ...request, headers }));
}

function dayKeyTextOf({ view, key }: SealedHeader): string {
  const name = dayKeyNameOf(view, key);
  return name === undefined ? "" : formatDayKey(name);
}
