import type { BytesColumn } from "../columns/column.ts";

/** The values of one column in some rows, as the list of its distinct entries and an index into it for each value. */
export interface GatheredEntries {
  /** For each value that is there, in the order of the rows. */
  readonly indexes: Uint32Array;
  /** Entries of the column, in the order of first use; two of them may still be equal bytes. */
  readonly entries: Uint32Array;
  /** 1 for a row that has a value; as long as the rows. */
  readonly isPresent: Uint8Array;
}

/**
 * What it takes from one gather to the next, so that a gather costs its rows and not the whole column. All
 * zeros between calls; at least as long as the column's codes go.
 */
export type EntryIndexes = Uint32Array;

export function gatherEntries(
  column: BytesColumn,
  rows: Uint32Array,
  indexOfCode: EntryIndexes,
): GatheredEntries {
  const { codes } = column;
  const indexes = new Uint32Array(rows.length);
  const entries = new Uint32Array(rows.length);
  const isPresent = new Uint8Array(rows.length);
  let values = 0;
  let distinct = 0;
  for (let i = 0; i < rows.length; i++) {
    const code = codes[rows[i] as number] as number;
    if (code === 0) continue;
    let indexPlusOne = indexOfCode[code] as number;
    if (indexPlusOne === 0) {
      entries[distinct] = code - 1;
      indexPlusOne = ++distinct;
      indexOfCode[code] = indexPlusOne;
    }
    indexes[values++] = indexPlusOne - 1;
    isPresent[i] = 1;
  }
  for (let i = 0; i < distinct; i++) indexOfCode[(entries[i] as number) + 1] = 0;
  return { indexes: indexes.subarray(0, values), entries: entries.subarray(0, distinct), isPresent };
}
