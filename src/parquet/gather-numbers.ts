import type { NumberColumn } from "../columns/column.ts";

/** The values of a number column in some rows. */
export interface GatheredNumbers {
  /** The values that are there, in the order of the rows. */
  readonly values: Float64Array;
  /** 1 for a row that has a value; as long as the rows. */
  readonly isPresent: Uint8Array;
  /** Infinity and -Infinity where there is no value. */
  readonly min: number;
  readonly max: number;
  readonly hasFraction: boolean;
}

export function gatherNumbers(column: NumberColumn, rows: Uint32Array): GatheredNumbers {
  const source = column.values;
  const values = new Float64Array(rows.length);
  const isPresent = new Uint8Array(rows.length);
  let count = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let hasFraction = false;
  for (let i = 0; i < rows.length; i++) {
    const value = source[rows[i] as number] as number;
    if (Number.isNaN(value)) continue;
    values[count++] = value;
    isPresent[i] = 1;
    if (value < min) min = value;
    if (value > max) max = value;
    if (Math.floor(value) !== value) hasFraction = true;
  }
  return { values: values.subarray(0, count), isPresent, min, max, hasFraction };
}
