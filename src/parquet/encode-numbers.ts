import type { NumberColumn } from "../columns/column.ts";
import type { ColumnType } from "../schema/table-schema.ts";
import { type ByteSink, bytesOfSink, createByteSink, putDouble, putInt64, putUint32 } from "./byte-sink.ts";
import { DELTA_MAGNITUDE_MAX, putDeltas } from "./delta-packing.ts";
import { dictionaryPages } from "./dictionary-page.ts";
import { type Bounds, type EncodedColumn, encoding, type Page } from "./encoded-column.ts";
import { type GatheredNumbers, gatherNumbers } from "./gather-numbers.ts";
import { type Levels, putLevels } from "./levels.ts";

export type NumberType = Exclude<ColumnType, "text" | "address" | "boolean">;

interface NumberForm {
  put(sink: ByteSink, value: number): void;
  readonly isInteger: boolean;
  readonly is64Bit: boolean;
  readonly min: number;
  readonly max: number;
}

const int64 = {
  put: putInt64,
  isInteger: true,
  is64Bit: true,
  min: Number.MIN_SAFE_INTEGER,
  max: Number.MAX_SAFE_INTEGER,
};

const forms: Readonly<Record<NumberType, NumberForm>> = {
  timestamp: int64,
  int64,
  int32: { put: putUint32, isInteger: true, is64Bit: false, min: -(2 ** 31), max: 2 ** 31 - 1 },
  int16: { put: putUint32, isInteger: true, is64Bit: false, min: -(2 ** 15), max: 2 ** 15 - 1 },
  double: {
    put: putDouble,
    isInteger: false,
    is64Bit: true,
    min: Number.NEGATIVE_INFINITY,
    max: Number.POSITIVE_INFINITY,
  },
};

/** Codes of numbers are found in a table as long as the values' span: 256 KiB, within a processor's cache. */
const TABLE_SPAN_MAX = 65_536;

/** Each number of a dictionary must serve so many rows at least: else deltas are smaller. */
const ROWS_PER_ENTRY_MIN = 4;

/**
 * The rows of a number column. What repeats (states, versions, one instant for a batch) becomes a dictionary,
 * other integers of 64 bits become deltas, the rest stands plainly. Throws for a number that the type cannot hold.
 */
export function encodeNumbers(
  column: NumberColumn,
  rows: Uint32Array,
  type: NumberType,
  isNullable: boolean,
): EncodedColumn {
  const gathered = gatherNumbers(column, rows);
  const form = forms[type];
  checkRange(gathered, type);
  const levels: Levels = { isNullable, isPresent: gathered.isPresent };
  return {
    pages: (form.isInteger ? indexedPages(gathered, form, levels) : undefined) ?? [
      valuesPage(gathered, form, levels),
    ],
    nullCount: rows.length - gathered.values.length,
    bounds: boundsOf(gathered, form),
  };
}

function checkRange({ min, max, hasFraction }: GatheredNumbers, type: NumberType): void {
  const form = forms[type];
  if (min < form.min || max > form.max)
    throw new RangeError(`parquet: a number in a column of type ${type} is too large`);
  if (form.isInteger && hasFraction) throw new RangeError(`parquet: a fraction in a column of type ${type}`);
}

/** Undefined when a dictionary would not serve. */
function indexedPages(
  { values, min, max }: GatheredNumbers,
  form: NumberForm,
  levels: Levels,
): readonly Page[] | undefined {
  const span = max - min;
  if (values.length === 0 || span >= TABLE_SPAN_MAX) return undefined;
  const codes = new Uint32Array(span + 1);
  const indexes = new Uint32Array(values.length);
  const dictionary = createByteSink(1024);
  let distinct = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    let code = codes[value - min] as number;
    if (code === 0) {
      code = ++distinct;
      codes[value - min] = code;
      form.put(dictionary, value);
    }
    indexes[i] = code - 1;
  }
  if (distinct * ROWS_PER_ENTRY_MIN > values.length) return undefined;
  return dictionaryPages(bytesOfSink(dictionary), distinct, indexes, levels);
}

function valuesPage({ values, min, max }: GatheredNumbers, form: NumberForm, levels: Levels): Page {
  const body = createByteSink(64 + values.length * 8 + (levels.isPresent.length >>> 2));
  putLevels(body, levels);
  const isNear = values.length > 0 && min >= -DELTA_MAGNITUDE_MAX && max <= DELTA_MAGNITUDE_MAX;
  const isDelta = isNear && form.isInteger && form.is64Bit;
  if (isDelta) putDeltas(body, values);
  else for (let i = 0; i < values.length; i++) form.put(body, values[i] as number);
  return {
    kind: "data",
    count: levels.isPresent.length,
    encoding: isDelta ? encoding.deltaBinaryPacked : encoding.plain,
    body: bytesOfSink(body),
  };
}

function boundsOf({ values, min, max }: GatheredNumbers, form: NumberForm): Bounds | undefined {
  if (values.length === 0) return undefined;
  // The two zeros are equal, so a bound must hold for both: -0 below, +0 above (parquet.thrift, ColumnOrder).
  return { min: plain(min === 0 ? -0 : min, form), max: plain(max === 0 ? 0 : max, form) };
}

function plain(value: number, form: NumberForm): Uint8Array {
  const sink = createByteSink(8);
  form.put(sink, value);
  return bytesOfSink(sink);
}
