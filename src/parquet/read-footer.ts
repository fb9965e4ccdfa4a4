import type { ByteRange } from "../store/object-store.ts";
import { bytesOfSink, createByteSink, putBytes, putUint32 } from "./byte-sink.ts";
import { readThriftStruct } from "./read-thrift.ts";
import {
  int32,
  int64,
  list,
  putThriftStruct,
  type ThriftFields,
  type ThriftValue,
} from "./thrift-compact.ts";

/** What a footer says of a file whose columns are flat. */
export interface ParquetFooter {
  /** The program that wrote it. */
  readonly createdBy: string;
  /** In the order of the schema. */
  readonly columns: readonly string[];
  readonly groups: readonly FooterGroup[];
  /** The whole of it, as it was read. */
  readonly fields: ThriftFields;
  /** Where it begins in the file; the pages lie before it. */
  readonly start: number;
}

export interface FooterGroup {
  /** One for each column, in the order of the schema. */
  readonly chunks: readonly FooterChunk[];
}

export interface FooterChunk {
  /** Where its pages lie in the file. */
  readonly range: ByteRange;
  /** The least and the greatest value, plainly encoded; undefined where the writer gave none. */
  readonly bounds: { readonly min: Uint8Array; readonly max: Uint8Array } | undefined;
  readonly isAllNull: boolean;
}

/** The footer's length and the magic number. Source: apache/parquet-format, README.md, "File format". */
export const FOOTER_TAIL_BYTES = 8;

const MAGIC = [0x50, 0x41, 0x52, 0x31] as const;

/** Where a file's footer lies, from its last eight bytes; undefined for what is no Parquet file. */
export function footerRange(tail: Uint8Array, fileSizeBytes: number): ByteRange | undefined {
  if (tail.length !== FOOTER_TAIL_BYTES || MAGIC.some((byte, at) => tail[4 + at] !== byte)) return undefined;
  const lengthBytes = new DataView(tail.buffer, tail.byteOffset, 4).getUint32(0, true);
  const end = fileSizeBytes - FOOTER_TAIL_BYTES;
  return lengthBytes === 0 || lengthBytes > end - MAGIC.length
    ? undefined
    : { start: end - lengthBytes, end };
}

/** Undefined for a footer that this program would not write: then the file must be read whole. */
export function readFooter(bytes: Uint8Array, start: number): ParquetFooter | undefined {
  const fields = readThriftStruct(bytes);
  if (fields === undefined) return undefined;
  const [root, ...elements] = structsOf(fields[2]) ?? [];
  const columns = elements.map((element) => textOf(element[4]));
  const groups = structsOf(fields[4])?.map((group) => groupOf(group, columns.length, start));
  if (integerOf(root?.[5]) !== columns.length || groups === undefined) return undefined;
  if (!columns.every((name) => name !== undefined) || !groups.every((group) => group !== undefined))
    return undefined;
  return { createdBy: textOf(fields[6]) ?? "", columns, groups, fields, start };
}

/**
 * The footer with some groups and columns only, with its length and the magic number behind it: a reader of a file
 * that ends so can find nothing else. `start` is where pages end. The pages stay where they are.
 */
export function narrowFooter(
  { columns, fields }: ParquetFooter,
  keepsGroup: (index: number) => boolean,
  keepsColumn: (name: string) => boolean,
): Uint8Array {
  const isKept = (_: unknown, index: number): boolean => keepsColumn(columns[index] ?? "");
  const [root, ...elements] = structsOf(fields[2]) ?? [];
  const kept = elements.filter(isKept);
  const groups = (structsOf(fields[4]) ?? []).filter((_, index) => keepsGroup(index));
  const orders = fields[7];
  const narrowed: ThriftFields = {
    ...fields,
    2: list([{ ...root, 5: int32(kept.length) }, ...kept].map(structOf)),
    3: int64(groups.reduce((sum, group) => sum + (integerOf(group[3]) ?? 0), 0)),
    // 4 would be the order of rows, by the numbers that columns had.
    4: list(
      groups.map((group) =>
        structOf({ ...group, 1: list((itemsOf(group[1]) ?? []).filter(isKept)), 4: undefined }),
      ),
    ),
    7: orders === undefined ? undefined : list((itemsOf(orders) ?? []).filter(isKept)),
  };
  const sink = createByteSink();
  putThriftStruct(sink, narrowed);
  putUint32(sink, sink.length);
  putBytes(sink, Uint8Array.from(MAGIC));
  return bytesOfSink(sink).slice();
}

function groupOf(fields: ThriftFields, columnCount: number, end: number): FooterGroup | undefined {
  const rowCount = integerOf(fields[3]);
  const chunks = structsOf(fields[1])?.map((chunk) => chunkOf(chunk, rowCount, end));
  if (chunks?.length !== columnCount || !chunks.every((chunk) => chunk !== undefined)) return undefined;
  return { chunks };
}

/** A chunk with an index beside its pages, or in another file, is none of ours. */
function chunkOf(fields: ThriftFields, rowCount: number | undefined, end: number): FooterChunk | undefined {
  const about = fieldsOf(fields[3]);
  const isOther = [1, 4, 5, 6, 7, 8, 9].some((id) => fields[id] !== undefined);
  if (about === undefined || isOther) return undefined;
  const start = integerOf(about[11]) ?? integerOf(about[9]);
  const sizeBytes = integerOf(about[7]);
  if (start === undefined || sizeBytes === undefined) return undefined;
  if (start < MAGIC.length || sizeBytes < 0 || start + sizeBytes > end) return undefined;
  const statistics = fieldsOf(about[12]);
  const max = bytesOf(statistics?.[5]);
  const min = bytesOf(statistics?.[6]);
  return {
    range: { start, end: start + sizeBytes },
    bounds: min === undefined || max === undefined ? undefined : { min, max },
    isAllNull: rowCount !== undefined && integerOf(statistics?.[3]) === rowCount,
  };
}

function itemsOf(value: ThriftValue | undefined): readonly ThriftValue[] | undefined {
  return value?.kind === "list" ? value.items : undefined;
}

function structsOf(value: ThriftValue | undefined): readonly ThriftFields[] | undefined {
  const structs = itemsOf(value)?.map(fieldsOf);
  return structs?.every((fields) => fields !== undefined) === true ? structs : undefined;
}

function fieldsOf(value: ThriftValue | undefined): ThriftFields | undefined {
  return value?.kind === "struct" ? value.fields : undefined;
}

function structOf(fields: ThriftFields): ThriftValue {
  return { kind: "struct", fields };
}

function integerOf(value: ThriftValue | undefined): number | undefined {
  return value?.kind === "integer" ? value.value : undefined;
}

function bytesOf(value: ThriftValue | undefined): Uint8Array | undefined {
  return value?.kind === "binary" ? value.bytes : undefined;
}

function textOf(value: ThriftValue | undefined): string | undefined {
  const bytes = bytesOf(value);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}
