import { appendEntry, type ByteDictionary, createByteDictionary } from "../src/columns/byte-dictionary.ts";
import type { BytesColumn, NumberColumn } from "../src/columns/column.ts";
import { rankValues } from "../src/columns/rank-values.ts";
import { sortRows } from "../src/columns/sort-rows.ts";
import { MS_PER_DAY } from "../src/day.ts";
import { rawSchema } from "../src/schema/raw-schema.ts";
import type { RawColumns } from "../src/schema/table-columns.ts";
import type { ColumnType } from "../src/schema/table-schema.ts";
import { availableColumns, type ResultColumn } from "./result-column.ts";
import type { Cell, Row } from "./row.ts";

/** What a question has to ask for, so that its rows are whole rows of raw: every column of the schema, in its order. */
export const wholeRow: readonly ResultColumn[] = availableColumns("raw").filter(({ name }) =>
  Object.hasOwn(rawSchema.columns, name),
);

/** Rows of raw of one day, gathered from answers into columns. */
export interface RawTable {
  readonly rows: number;
  /** Rows of {@link wholeRow}. Throws for a cell that its column cannot hold. */
  append(rows: readonly Row[]): void;
  columns(): RawColumns;
  /** The rows by domain and time, as nodes order them; what is left equal, by node, source and place in it. */
  order(): Uint32Array;
}

export function createRawTable(): RawTable {
  const names = Object.keys(rawSchema.columns) as (keyof RawColumns)[];
  const growing = names.map((name) => growingColumn(rawSchema.columns[name].type));
  let count = 0;
  const columns = (): RawColumns =>
    Object.fromEntries(names.map((name, index) => [name, growing[index]?.column(count)])) as RawColumns;
  return {
    get rows() {
      return count;
    },
    append(rows) {
      for (const row of rows) {
        growing.forEach((column, index) => column.put(count, row[index] ?? null));
        count++;
      }
    },
    columns,
    order: () => orderOf(columns(), count),
  };
}

interface GrowingColumn {
  put(row: number, cell: Cell): void;
  column(rows: number): BytesColumn | NumberColumn;
}

function growingColumn(type: ColumnType): GrowingColumn {
  if (type === "text") return growingBytes((text) => Buffer.from(text));
  if (type === "address") return growingBytes((text) => Buffer.from(text, "hex"));
  return growingNumbers();
}

function growingBytes(bytesOf: (text: string) => Uint8Array): GrowingColumn {
  const dictionary: ByteDictionary = createByteDictionary();
  const known = new Map<string, number>();
  let codes = new Uint32Array(1024);
  return {
    put(row, cell) {
      if (row === codes.length) codes = grown(codes, new Uint32Array(row * 2));
      if (cell === null) return;
      if (typeof cell !== "string") throw new TypeError("a text column of raw holds no text");
      codes[row] = known.get(cell) ?? add(cell);
    },
    column: (rows) => ({ kind: "bytes", codes: codes.subarray(0, rows), values: dictionary.values }),
  };

  function add(cell: string): number {
    const bytes = bytesOf(cell);
    const code = appendEntry(dictionary, bytes, 0, bytes.length, 0);
    known.set(cell, code);
    return code;
  }
}

function growingNumbers(): GrowingColumn {
  let values = new Float64Array(1024);
  return {
    put(row, cell) {
      if (row === values.length) values = grown(values, new Float64Array(row * 2));
      if (cell !== null && typeof cell !== "number") throw new TypeError("a number of raw is beyond 2^53");
      values[row] = cell ?? Number.NaN;
    },
    column: (rows) => ({ kind: "number", values: values.subarray(0, rows) }),
  };
}

function grown<Values extends Uint32Array | Float64Array>(values: Values, larger: Values): Values {
  larger.set(values);
  return larger;
}

/** The least important key first. Keys have 32 bits, and offsets more. */
function orderOf({ domain, time, node, source, source_offset }: RawColumns, count: number): Uint32Array {
  const keys = [
    Uint32Array.from(source_offset.values, (offset) => offset % 2 ** 32),
    Uint32Array.from(source_offset.values, (offset) => Math.floor(offset / 2 ** 32)),
    ranksOf(source),
    ranksOf(node),
    Uint32Array.from(time.values, (ms) => ms - Math.floor(ms / MS_PER_DAY) * MS_PER_DAY),
    ranksOf(domain),
  ];
  return keys.reduce<Uint32Array>(
    sortRows,
    Uint32Array.from({ length: count }, (_, row) => row),
  );
}

function ranksOf({ codes, values }: BytesColumn): Uint32Array {
  const ranks = rankValues(values);
  return codes.map((code) => ranks[code - 1] ?? 0);
}
