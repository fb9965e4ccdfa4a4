/**
 * Sorts row numbers by a key of each row, smallest first; rows with equal keys keep their order, so sorting
 * by several keys means sorting by the least important one first. `keys[row]` is the key. Radix sort: linear,
 * and no comparator is called. Returns a new array.
 */
export function sortRows(rows: Uint32Array, keys: Uint32Array): Uint32Array {
  let source = rows.slice();
  let target: Uint32Array = new Uint32Array(rows.length);
  for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
    if (!scatter(source, target, keys, shift)) continue;
    [source, target] = [target as Uint32Array<ArrayBuffer>, source];
  }
  return source;
}

/** 2,048 counters stay in the first-level cache. */
const DIGIT_BITS = 11;
const DIGITS = 2 ** DIGIT_BITS;

/** One stable counting sort by a digit; false, and nothing done, if all keys have the same one. */
function scatter(source: Uint32Array, target: Uint32Array, keys: Uint32Array, shift: number): boolean {
  const starts = new Uint32Array(DIGITS + 1);
  for (const row of source) {
    const next = (((keys[row] as number) >>> shift) & (DIGITS - 1)) + 1;
    starts[next] = (starts[next] as number) + 1;
  }
  if (starts.includes(source.length)) return false;
  for (let digit = 1; digit < starts.length; digit++) {
    starts[digit] = (starts[digit] as number) + (starts[digit - 1] as number);
  }
  for (const row of source) {
    const digit = ((keys[row] as number) >>> shift) & (DIGITS - 1);
    const at = starts[digit] as number;
    target[at] = row;
    starts[digit] = at + 1;
  }
  return true;
}
