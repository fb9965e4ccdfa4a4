/**
 * Sorts row numbers by a key of each row, smallest first; rows with equal keys keep their order, so sorting
 * by several keys means sorting by the least important one first. Least-significant-digit radix sort: linear,
 * no comparator calls. `keys[row]` is the key; `highest` is the largest key that occurs.
 */
export function sortRows(rows: Uint32Array, keys: Uint32Array, highest: number): Uint32Array {
  let source: Uint32Array = rows;
  let target: Uint32Array = new Uint32Array(rows.length);
  for (let shift = 0; shift < 32 && highest >>> shift !== 0; shift += DIGIT_BITS) {
    scatter(source, target, keys, shift);
    const spare = source === rows ? new Uint32Array(rows.length) : source;
    source = target;
    target = spare;
  }
  return source === rows ? rows.slice() : source;
}

const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;

function scatter(source: Uint32Array, target: Uint32Array, keys: Uint32Array, shift: number): void {
  const ends = new Uint32Array(DIGITS);
  for (const row of source) {
    const digit = ((keys[row] as number) >>> shift) & (DIGITS - 1);
    ends[digit] = (ends[digit] as number) + 1;
  }
  let start = 0;
  for (let digit = 0; digit < DIGITS; digit++) {
    const count = ends[digit] as number;
    ends[digit] = start;
    start += count;
  }
  for (const row of source) {
    const digit = ((keys[row] as number) >>> shift) & (DIGITS - 1);
    target[ends[digit] as number] = row;
    ends[digit] = (ends[digit] as number) + 1;
  }
}
