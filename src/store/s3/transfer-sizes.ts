/** How large objects are cut for the way. At most `width + 1` pieces are in memory at once. */
export interface TransferSizes {
  /** An object of more bytes is uploaded in parts, where these credentials may. */
  readonly partsAboveBytes: number;
  /** All parts of an upload but the last. */
  readonly partBytes: number;
  /** No single put is larger. */
  readonly putMaxBytes: number;
  /** An object of more bytes is downloaded in pieces of this size. */
  readonly pieceBytes: number;
  /** Parts and pieces that are on their way at once. */
  readonly width: number;
}

const MIB = 1_048_576;

/**
 * A put of 256 MiB that breaks off at its end costs seconds to repeat, and one request is what every server
 * and every role can do; beyond that a part is repeated rather than the whole. Parts of 64 MiB: within the
 * 10,000 that S3 takes they make objects larger than any memory. The greatest put is that of Amazon S3
 * ("Amazon S3 multipart upload limits"). Four at once fill a line that one connection does not.
 */
export const usualSizes: TransferSizes = {
  partsAboveBytes: 256 * MIB,
  partBytes: 64 * MIB,
  putMaxBytes: 5120 * MIB,
  pieceBytes: 8 * MIB,
  width: 4,
};
