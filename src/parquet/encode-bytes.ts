import type { ByteList, BytesColumn } from "../columns/column.ts";
import { bytesOfSink, createByteSink, putBytes, putUint32 } from "./byte-sink.ts";
import { dictionaryPages } from "./dictionary-page.ts";
import { type Bounds, type EncodedColumn, encoding, type Page } from "./encoded-column.ts";
import { type EntryIndexes, type GatheredEntries, gatherEntries } from "./gather-entries.ts";
import { type Levels, putLevels } from "./levels.ts";
import { widthOf } from "./run-length.ts";

export interface BytesOptions {
  readonly isNullable: boolean;
  /** Undefined for text, whose values carry their lengths. */
  readonly fixedLengthBytes: number | undefined;
  readonly indexOfCode: EntryIndexes;
}

/**
 * A dictionary must make the pages this much smaller before they are compressed. Below, a reader pays for the
 * detour and gains nothing, and compression finds the repetitions as well.
 */
const DICTIONARY_MAX_SHARE = 0.75;

/** A reader holds a dictionary whole while it reads the pages behind it. */
const DICTIONARY_MAX_BYTES = 16 * 1024 * 1024;

/** What the Java and the Rust implementations aim at: a reader decompresses a page at a time. */
const PAGE_TARGET_BYTES = 1024 * 1024;

/** Visitors choose the values, and the footer that holds the bounds is read first and whole. A host name fits. */
const BOUND_MAX_BYTES = 256;

/** The rows of a text or address column. Values go from our dictionary to the pages by their codes. */
export function encodeBytes(column: BytesColumn, rows: Uint32Array, options: BytesOptions): EncodedColumn {
  const gathered = gatherEntries(column, rows, options.indexOfCode);
  const lengths = lengthsOf(column.values, gathered.entries, options.fixedLengthBytes);
  return {
    pages: useDictionary(gathered, lengths)
      ? dictionaryPagesOf(column.values, gathered, lengths, options)
      : plainPages(column.values, gathered, lengths, options),
    nullCount: rows.length - gathered.indexes.length,
    bounds: boundsOf(column.values, gathered.entries),
  };
}

function lengthsOf(
  values: ByteList,
  entries: Uint32Array,
  fixedLengthBytes: number | undefined,
): Uint32Array {
  const { offsets } = values;
  const lengths = new Uint32Array(entries.length);
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i] as number;
    const length = (offsets[entry + 1] as number) - (offsets[entry] as number);
    if (fixedLengthBytes !== undefined && length !== fixedLengthBytes) {
      throw new RangeError(`parquet: a value of ${length} bytes in a column of ${fixedLengthBytes}`);
    }
    lengths[i] = length;
  }
  return lengths;
}

function useDictionary({ indexes, entries }: GatheredEntries, lengths: Uint32Array): boolean {
  if (entries.length === indexes.length) return false;
  let dictionaryBytes = 0;
  for (let i = 0; i < lengths.length; i++) dictionaryBytes += (lengths[i] as number) + 4;
  if (dictionaryBytes > DICTIONARY_MAX_BYTES) return false;
  let plainBytes = 0;
  for (let i = 0; i < indexes.length; i++) plainBytes += (lengths[indexes[i] as number] as number) + 4;
  const indexBytes = (indexes.length * widthOf(entries.length - 1)) / 8;
  return dictionaryBytes + indexBytes <= plainBytes * DICTIONARY_MAX_SHARE;
}

function dictionaryPagesOf(
  values: ByteList,
  { indexes, entries, isPresent }: GatheredEntries,
  lengths: Uint32Array,
  { isNullable, fixedLengthBytes }: BytesOptions,
): readonly Page[] {
  const dictionary = createByteSink();
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i] as number;
    if (fixedLengthBytes === undefined) putUint32(dictionary, lengths[i] as number);
    putBytes(dictionary, values.bytes, values.offsets[entry], values.offsets[entry + 1]);
  }
  return dictionaryPages(bytesOfSink(dictionary), entries.length, indexes, { isNullable, isPresent });
}

function plainPages(
  values: ByteList,
  { indexes, entries, isPresent }: GatheredEntries,
  lengths: Uint32Array,
  { isNullable, fixedLengthBytes }: BytesOptions,
): readonly Page[] {
  const levels: Levels = { isNullable, isPresent };
  const pages: Page[] = [];
  let value = 0;
  for (let start = 0, end = 0; start < isPresent.length; start = end) {
    const firstValue = value;
    let bodyBytes = 0;
    while (end < isPresent.length && bodyBytes < PAGE_TARGET_BYTES) {
      if (isPresent[end++] === 1) bodyBytes += (lengths[indexes[value++] as number] as number) + 4;
    }
    const body = createByteSink(bodyBytes + ((end - start) >>> 2) + 64);
    putLevels(body, levels, start, end);
    for (let i = firstValue; i < value; i++) {
      const index = indexes[i] as number;
      const entry = entries[index] as number;
      if (fixedLengthBytes === undefined) putUint32(body, lengths[index] as number);
      putBytes(body, values.bytes, values.offsets[entry], values.offsets[entry + 1]);
    }
    pages.push({ kind: "data", count: end - start, encoding: encoding.plain, body: bytesOfSink(body) });
  }
  return pages;
}

/** By unsigned bytes, which is the order that Parquet gives both text and fixed-length bytes. */
function boundsOf({ bytes, offsets }: ByteList, entries: Uint32Array): Bounds | undefined {
  let [min, max] = [entries[0], entries[0]];
  if (min === undefined || max === undefined) return undefined;
  for (const entry of entries) {
    if (compareEntries(bytes, offsets, entry, min) < 0) min = entry;
    else if (compareEntries(bytes, offsets, entry, max) > 0) max = entry;
  }
  const bounds = {
    min: bytes.slice(offsets[min], offsets[min + 1]),
    max: bytes.slice(offsets[max], offsets[max + 1]),
  };
  return bounds.min.length > BOUND_MAX_BYTES || bounds.max.length > BOUND_MAX_BYTES ? undefined : bounds;
}

function compareEntries(bytes: Uint8Array, offsets: Uint32Array, left: number, right: number): number {
  let i = offsets[left] as number;
  let j = offsets[right] as number;
  const leftEnd = offsets[left + 1] as number;
  const rightEnd = offsets[right + 1] as number;
  while (i < leftEnd && j < rightEnd) {
    const difference = (bytes[i++] as number) - (bytes[j++] as number);
    if (difference !== 0) return difference;
  }
  return leftEnd - i - (rightEnd - j);
}
