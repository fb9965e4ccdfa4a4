import zlib from "node:zlib";

/** A compression of pages. */
export interface PageCodec {
  /** Its number in Parquet's `CompressionCodec`. */
  readonly id: number;
  compress(body: Uint8Array): Uint8Array;
}

/**
 * Where zlib costs as much time as all else together, levels above this buy little: level 6 makes the objects of
 * a log 2 % smaller and takes a fifth longer; level 1 saves a seventh of the time and makes them 4 % larger.
 */
const GZIP_LEVEL = 4;

/** The library's own default. */
const ZSTD_LEVEL = 3;

type CompressSync = (body: Uint8Array, options: { params: Record<number, number> }) => Uint8Array;

export const uncompressed: PageCodec = { id: 0, compress: (body) => body };

/** What every reader has and every Node can write. */
export const gzip: PageCodec = { id: 2, compress: (body) => zlib.gzipSync(body, { level: GZIP_LEVEL }) };

/** Undefined before Node 22.15 and 23.8, which had no zstd. */
export const zstd: PageCodec | undefined = findZstd();

/** The best that this Node has. Both are read by every engine that the design names. */
export const defaultCodec: PageCodec = zstd ?? gzip;

function findZstd(): PageCodec | undefined {
  if (!("zstdCompressSync" in zlib) || typeof zlib.zstdCompressSync !== "function") return undefined;
  const compressSync = zlib.zstdCompressSync as CompressSync;
  // ZSTD_c_compressionLevel of zstd.h.
  const options = { params: { 100: ZSTD_LEVEL } };
  return { id: 6, compress: (body) => compressSync(body, options) };
}
