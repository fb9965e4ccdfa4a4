import {
  appendEntry,
  type ByteDictionary,
  clearByteDictionary,
  createByteDictionary,
  intern,
} from "../../src/columns/byte-dictionary.ts";
import { appendBytes, type ByteList, createByteList, trimmed } from "../../src/columns/column.ts";
import type { EscapeRule } from "../../src/text.ts";
import { FIELD_COUNT, field, type ParsedLine } from "../format/line-format.ts";

/**
 * The lines of one flush as columns of bytes, over many sources. Made once and filled again for each batch.
 * Values stand as the server escaped them; a tag beside each says by which rule. The path from a line to
 * here makes no string and no object.
 */
export interface LineBatch {
  readonly capacityRows: number;
  rows: number;
  /** Bytes of the lines that were read into it, quarantined ones included. */
  lineBytes: number;
  readonly timeMs: Float64Array;
  readonly status: Float64Array;
  readonly bytesSent: Float64Array;
  readonly durationMs: Float64Array;
  readonly sourceOffset: Float64Array;
  /** Index into the batch's list of sources. */
  readonly source: Uint32Array;
  /** Index into the batch's list of domains. */
  readonly domain: Uint32Array;
  /** By field number; the field `domain` is resolved before and stays empty here. */
  readonly fields: readonly FieldColumn[];
  readonly quarantine: QuarantineBatch;
}

interface FieldColumn {
  readonly codes: Uint32Array;
  readonly dictionary: ByteDictionary;
  /** False for fields whose values hardly repeat: looking for repetition would cost more than it saves. */
  readonly isInterned: boolean;
}

/** Lines that nobody could read. */
interface QuarantineBatch {
  rows: number;
  readonly line: ByteList;
  reason: Uint8Array;
  /** Epoch days: the one the line is taken to be of, and the one whose partition holds it. */
  estimatedDay: Int32Array;
  partitionDay: Int32Array;
  source: Uint32Array;
  sourceOffset: Float64Array;
  lineBytes: Float64Array;
  /** SHA-256 of lines of which only the head is kept, by row. */
  readonly sha256: Map<number, string>;
}

const rarelyRepeated = new Set<number>([field.query, field.requestRaw]);

export function createLineBatch(capacityRows: number): LineBatch {
  return {
    capacityRows,
    rows: 0,
    lineBytes: 0,
    timeMs: new Float64Array(capacityRows),
    status: new Float64Array(capacityRows),
    bytesSent: new Float64Array(capacityRows),
    durationMs: new Float64Array(capacityRows),
    sourceOffset: new Float64Array(capacityRows),
    source: new Uint32Array(capacityRows),
    domain: new Uint32Array(capacityRows),
    fields: Array.from({ length: FIELD_COUNT }, (_, number) => ({
      codes: new Uint32Array(capacityRows),
      dictionary: createByteDictionary(),
      isInterned: !rarelyRepeated.has(number),
    })),
    quarantine: {
      rows: 0,
      line: createByteList(4096, 64),
      reason: new Uint8Array(64),
      estimatedDay: new Int32Array(64),
      partitionDay: new Int32Array(64),
      source: new Uint32Array(64),
      sourceOffset: new Float64Array(64),
      lineBytes: new Float64Array(64),
      sha256: new Map(),
    },
  };
}

/** Appends a line that was read. The caller sees to it that there is room. */
export function appendLine(
  batch: LineBatch,
  bytes: Uint8Array,
  line: ParsedLine,
  source: number,
  domain: number,
  offset: number,
  rule: EscapeRule,
): void {
  const row = batch.rows++;
  batch.timeMs[row] = line.timeMs;
  batch.status[row] = line.status;
  batch.bytesSent[row] = line.bytesSent;
  batch.durationMs[row] = line.durationMs;
  batch.sourceOffset[row] = offset;
  batch.source[row] = source;
  batch.domain[row] = domain;
  const { spans } = line;
  for (let number = 0; number < FIELD_COUNT; number++) {
    const column = batch.fields[number] as FieldColumn;
    const start = spans[number * 2] as number;
    column.codes[row] =
      start === -1 || number === field.domain
        ? 0
        : codeOf(column, bytes, start, spans[number * 2 + 1] as number, rule);
  }
}

function codeOf(
  column: FieldColumn,
  bytes: Uint8Array,
  start: number,
  end: number,
  rule: EscapeRule,
): number {
  const { dictionary, isInterned } = column;
  return isInterned
    ? intern(dictionary, bytes, start, end, rule)
    : appendEntry(dictionary, bytes, start, end, rule);
}

/** A line for quarantine: why, and what is known of it. */
export interface UnreadLine {
  readonly reason: number;
  /** Epoch days, see {@link QuarantineBatch}. */
  readonly estimatedDay: number;
  readonly partitionDay: number;
  readonly source: number;
  readonly offset: number;
  /** The whole line's length; `end - start` may be less. */
  readonly lineBytes: number;
  readonly sha256: string | undefined;
}

export function appendUnreadLine(
  { quarantine }: LineBatch,
  bytes: Uint8Array,
  start: number,
  end: number,
  line: UnreadLine,
): void {
  const row = quarantine.rows++;
  if (row >= quarantine.reason.length) growQuarantine(quarantine);
  appendBytes(quarantine.line, bytes, start, end);
  quarantine.reason[row] = line.reason;
  quarantine.estimatedDay[row] = line.estimatedDay;
  quarantine.partitionDay[row] = line.partitionDay;
  quarantine.source[row] = line.source;
  quarantine.sourceOffset[row] = line.offset;
  quarantine.lineBytes[row] = line.lineBytes;
  if (line.sha256 !== undefined) quarantine.sha256.set(row, line.sha256);
}

function growQuarantine(quarantine: QuarantineBatch): void {
  const capacity = quarantine.reason.length * 2;
  const grown = <T extends Uint8Array | Int32Array | Uint32Array | Float64Array>(old: T, next: T): T => {
    next.set(old);
    return next;
  };
  quarantine.reason = grown(quarantine.reason, new Uint8Array(capacity));
  quarantine.estimatedDay = grown(quarantine.estimatedDay, new Int32Array(capacity));
  quarantine.partitionDay = grown(quarantine.partitionDay, new Int32Array(capacity));
  quarantine.source = grown(quarantine.source, new Uint32Array(capacity));
  quarantine.sourceOffset = grown(quarantine.sourceOffset, new Float64Array(capacity));
  quarantine.lineBytes = grown(quarantine.lineBytes, new Float64Array(capacity));
}

/** A batch on its way to the encoder: arrays of exactly the used length, fit to be transferred. */
export interface PackedBatch {
  readonly rows: number;
  readonly timeMs: Float64Array;
  readonly status: Float64Array;
  readonly bytesSent: Float64Array;
  readonly durationMs: Float64Array;
  readonly sourceOffset: Float64Array;
  readonly source: Uint32Array;
  readonly domain: Uint32Array;
  readonly fields: readonly PackedField[];
  readonly quarantine: PackedQuarantine;
}

export interface PackedField {
  readonly codes: Uint32Array;
  readonly values: ByteList;
  /** The escape rule of each entry of `values`. */
  readonly rules: Uint8Array;
}

export interface PackedQuarantine {
  readonly rows: number;
  readonly line: ByteList;
  readonly reason: Uint8Array;
  readonly estimatedDay: Int32Array;
  readonly partitionDay: Int32Array;
  readonly source: Uint32Array;
  readonly sourceOffset: Float64Array;
  readonly lineBytes: Float64Array;
  readonly sha256: ReadonlyMap<number, string>;
}

/** Takes what is in the batch out of it, and leaves it empty. */
export function packBatch(batch: LineBatch): PackedBatch {
  const { rows, quarantine } = batch;
  const packed: PackedBatch = {
    rows,
    timeMs: batch.timeMs.slice(0, rows),
    status: batch.status.slice(0, rows),
    bytesSent: batch.bytesSent.slice(0, rows),
    durationMs: batch.durationMs.slice(0, rows),
    sourceOffset: batch.sourceOffset.slice(0, rows),
    source: batch.source.slice(0, rows),
    domain: batch.domain.slice(0, rows),
    fields: batch.fields.map(({ codes, dictionary }) => ({
      codes: codes.slice(0, rows),
      values: trimmed(dictionary.values),
      rules: dictionary.tags.slice(0, dictionary.values.size),
    })),
    quarantine: {
      rows: quarantine.rows,
      line: trimmed(quarantine.line),
      reason: quarantine.reason.slice(0, quarantine.rows),
      estimatedDay: quarantine.estimatedDay.slice(0, quarantine.rows),
      partitionDay: quarantine.partitionDay.slice(0, quarantine.rows),
      source: quarantine.source.slice(0, quarantine.rows),
      sourceOffset: quarantine.sourceOffset.slice(0, quarantine.rows),
      lineBytes: quarantine.lineBytes.slice(0, quarantine.rows),
      sha256: new Map(quarantine.sha256),
    },
  };
  clear(batch);
  return packed;
}

function clear(batch: LineBatch): void {
  batch.rows = 0;
  batch.lineBytes = 0;
  for (const { dictionary } of batch.fields) clearByteDictionary(dictionary);
  const { quarantine } = batch;
  quarantine.rows = 0;
  quarantine.line.size = 0;
  quarantine.sha256.clear();
}

/** The buffers of a packed batch, to be transferred and not copied. */
export function buffersOf(packed: PackedBatch): ArrayBuffer[] {
  const { quarantine } = packed;
  const arrays = [
    packed.timeMs,
    packed.status,
    packed.bytesSent,
    packed.durationMs,
    packed.sourceOffset,
    packed.source,
    packed.domain,
    ...packed.fields.flatMap(({ codes, values, rules }) => [codes, values.bytes, values.offsets, rules]),
    quarantine.line.bytes,
    quarantine.line.offsets,
    quarantine.reason,
    quarantine.estimatedDay,
    quarantine.partitionDay,
    quarantine.source,
    quarantine.sourceOffset,
    quarantine.lineBytes,
  ];
  return arrays.map(({ buffer }) => buffer as ArrayBuffer);
}
