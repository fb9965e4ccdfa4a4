import { readFile } from "node:fs/promises";
import zlib from "node:zlib";
import { Decompress } from "fzstd";
import { parquetMetadata } from "hyparquet";
import { deserializeTCompactProtocol } from "hyparquet/src/thrift.js";

/**
 * Everything that a Parquet file holds, in the clear: its bytes as they lie there, and each page (dictionaries,
 * with entries that no row uses, included) decompressed. Footer, statistics and key-value metadata are not
 * compressed, so they are in the first.
 */
export async function readableParts(path: string): Promise<readonly Buffer[]> {
  const file = await readFile(path);
  return [file, ...readablePages(file)];
}

/** The pages of such a file, decompressed. Throws for what is no Parquet file. */
export function readablePages(file: Buffer): readonly Buffer[] {
  const parts: Buffer[] = [];
  const metadata = parquetMetadata(Uint8Array.from(file).buffer);
  for (const group of metadata.row_groups) {
    for (const { meta_data: chunk } of group.columns) {
      if (chunk === undefined) throw new Error("a column chunk without metadata");
      const from = Number(chunk.dictionary_page_offset ?? chunk.data_page_offset);
      const bytes = file.subarray(from, from + Number(chunk.total_compressed_size));
      parts.push(...pagesOf(bytes, chunk.codec));
    }
  }
  return parts;
}

function pagesOf(chunk: Buffer, codec: string): readonly Buffer[] {
  const pages: Buffer[] = [];
  const reader = { view: new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength), offset: 0 };
  while (reader.offset < chunk.length) {
    const header = deserializeTCompactProtocol(reader) as Readonly<Record<string, number>>;
    const sizeBytes = header["field_3"];
    if (sizeBytes === undefined) throw new Error("a page without a size");
    pages.push(unpack(chunk.subarray(reader.offset, reader.offset + sizeBytes), codec));
    reader.offset += sizeBytes;
  }
  if (pages.length === 0) throw new Error("a column chunk without pages");
  return pages;
}

function unpack(page: Buffer, codec: string): Buffer {
  if (codec === "UNCOMPRESSED") return page;
  if (codec === "GZIP") return zlib.gunzipSync(page);
  if (codec !== "ZSTD") throw new Error(`no decoder for ${codec}`);
  const parts: Uint8Array[] = [];
  const decoder = new Decompress((part) => parts.push(part));
  decoder.push(Uint8Array.from(page), true);
  return Buffer.concat(parts);
}
