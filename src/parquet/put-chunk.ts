import { type ByteSink, putBytes } from "./byte-sink.ts";
import { type Bounds, type EncodedColumn, encoding, type Page } from "./encoded-column.ts";
import { type PageCodec, uncompressed } from "./page-codec.ts";
import { int32, putThriftStruct, struct, type ThriftFields } from "./thrift-compact.ts";

/** Where a column of a row group lies in the file, for the footer. */
export interface PlacedChunk {
  readonly codecId: number;
  readonly encodings: readonly number[];
  readonly dictionaryOffset: number | undefined;
  readonly dataOffset: number;
  /** Headers included, in both. */
  readonly uncompressedBytes: number;
  readonly compressedBytes: number;
  readonly nullCount: number;
  readonly bounds: Bounds | undefined;
}

/** A codec's own frame makes smaller pages than this larger, and calling it costs more than it could save. */
const COMPRESSED_MIN_BYTES = 128;

/** `PageType` of parquet.thrift. */
const pageType = { data: 0, dictionary: 2 } as const;

export function putChunk(file: ByteSink, column: EncodedColumn, codec: PageCodec): PlacedChunk {
  const { pages, nullCount, bounds } = column;
  const bodyBytes = pages.reduce((sum, page) => sum + page.body.length, 0);
  const used = bodyBytes < COMPRESSED_MIN_BYTES ? uncompressed : codec;
  const start = file.length;
  let dictionaryOffset: number | undefined;
  let dataOffset: number | undefined;
  let headerBytes = 0;
  for (const page of pages) {
    if (page.kind === "dictionary") dictionaryOffset = file.length;
    else dataOffset ??= file.length;
    headerBytes += putPage(file, page, used);
  }
  return {
    codecId: used.id,
    encodings: [...new Set([...pages.map((page) => page.encoding), encoding.runLength])],
    dictionaryOffset,
    dataOffset: dataOffset ?? start,
    uncompressedBytes: headerBytes + bodyBytes,
    compressedBytes: file.length - start,
    nullCount,
    bounds,
  };
}

/** Returns the header's length. */
function putPage(file: ByteSink, page: Page, codec: PageCodec): number {
  const start = file.length;
  const compressed = codec.compress(page.body);
  putThriftStruct(file, pageHeader(page, compressed.length));
  const headerBytes = file.length - start;
  putBytes(file, compressed);
  return headerBytes;
}

/** `PageHeader` of parquet.thrift. Data pages are of version 1, which every reader knows. */
function pageHeader(page: Page, compressedBytes: number): ThriftFields {
  const count = int32(page.count);
  const levels = int32(encoding.runLength);
  return {
    1: int32(pageType[page.kind]),
    2: int32(page.body.length),
    3: int32(compressedBytes),
    5: page.kind === "data" ? struct({ 1: count, 2: int32(page.encoding), 3: levels, 4: levels }) : undefined,
    7: page.kind === "dictionary" ? struct({ 1: count, 2: int32(page.encoding) }) : undefined,
  };
}
