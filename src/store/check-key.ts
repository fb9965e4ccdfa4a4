import { type ByteRange, isKey } from "./object-store.ts";

/** Throws for a key that could leave its root or that not every store can hold: a bug of the caller. */
export function checkKey(key: string): void {
  if (!isKey(key)) throw new RangeError(`no key of an object: ${JSON.stringify(key.slice(0, 100))}`);
}

/** Throws unless all bytes of the range exist in an object of `sizeBytes`. An empty range within it does. */
export function checkRange({ start, end }: ByteRange, key: string, sizeBytes: number): void {
  if (
    Number.isSafeInteger(start) &&
    Number.isSafeInteger(end) &&
    start >= 0 &&
    start <= end &&
    end <= sizeBytes
  )
    return;
  throw new RangeError(`no bytes ${start} to ${end} in ${key}, which has ${sizeBytes}`);
}
