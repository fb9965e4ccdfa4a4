import {
  type BooleanColumn,
  type ByteList,
  type BytesColumn,
  entryOf,
  type NumberColumn,
} from "../src/columns/column.ts";

/** What was made of the distinct values of a column: row `i` has `results[codes[i]]`. */
export interface DistinctValues<Result> {
  readonly codes: Uint32Array;
  /** By code; undefined where nothing was made, or no row has the code. The one at 0 is of rows without a value. */
  readonly results: readonly (Result | undefined)[];
}

/**
 * Calls `read` once for each value that occurs in the first `rows` rows, however many rows have it; values that
 * only stand in the dictionary are not looked at. Rows without a value get `absent`.
 */
export function readDistinct<Result>(
  column: BytesColumn,
  rows: number,
  read: (value: Uint8Array) => Result | undefined,
  absent?: Result,
): DistinctValues<Result> {
  const codes = column.codes.subarray(0, rows);
  const results = Array.from<Result | undefined>({ length: column.values.size + 1 });
  const isRead = new Uint8Array(results.length);
  for (let row = 0; row < rows; row++) {
    const code = codes[row] as number;
    if (isRead[code] === 1) continue;
    isRead[code] = 1;
    results[code] = code === 0 ? absent : read(entryOf(column.values, code - 1));
  }
  return { codes, results };
}

/**
 * A text column of what `pick` finds in each result. Its values are distinct and in ascending order, so that
 * the order of a dictionary says nothing about the order in which visitors came.
 */
export function textColumn<Result>(
  { codes, results }: DistinctValues<Result>,
  pick: (result: Result) => string | undefined,
): BytesColumn {
  const texts = results.map((result) => (result === undefined ? undefined : pick(result)));
  const distinct = [...new Set(texts)].filter((text) => text !== undefined).sort();
  const codeOf = new Map(distinct.map((text, index) => [text, index + 1]));
  const table = Uint32Array.from(texts, (text) => (text === undefined ? 0 : (codeOf.get(text) ?? 0)));
  const newCodes = new Uint32Array(codes.length);
  for (let row = 0; row < codes.length; row++) newCodes[row] = table[codes[row] as number] as number;
  return { kind: "bytes", codes: newCodes, values: byteListOf(distinct) };
}

/** A number column of what `pick` finds in each result; undefined is NaN, no value. */
export function numberColumn<Result>(
  { codes, results }: DistinctValues<Result>,
  pick: (result: Result) => number | undefined,
): NumberColumn {
  const table = Float64Array.from(results, (result) =>
    result === undefined ? Number.NaN : (pick(result) ?? Number.NaN),
  );
  const values = new Float64Array(codes.length);
  for (let row = 0; row < codes.length; row++) values[row] = table[codes[row] as number] as number;
  return { kind: "number", values };
}

/** A boolean column of what `pick` finds in each result; rows without a value are false. */
export function booleanColumn<Result>(
  { codes, results }: DistinctValues<Result>,
  pick: (result: Result) => boolean,
): BooleanColumn {
  const table = Uint8Array.from(results, (result) => (result !== undefined && pick(result) ? 1 : 0));
  const values = new Uint8Array(codes.length);
  for (let row = 0; row < codes.length; row++) values[row] = table[codes[row] as number] as number;
  return { kind: "boolean", values };
}

function byteListOf(texts: readonly string[]): ByteList {
  const bytes = new TextEncoder().encode(texts.join(""));
  const offsets = new Uint32Array(texts.length + 1);
  for (const [index, text] of texts.entries())
    offsets[index + 1] = (offsets[index] as number) + Buffer.byteLength(text);
  return { bytes, offsets, size: texts.length };
}
