/** How the values of a page are written, by their numbers in Parquet's `Encoding`. */
export const encoding = { plain: 0, runLength: 3, deltaBinaryPacked: 5, dictionaryIndexes: 8 } as const;

/** A page before compression. */
export interface Page {
  readonly kind: "dictionary" | "data";
  /** Entries of a dictionary; rows of a data page, those without a value included. */
  readonly count: number;
  readonly encoding: (typeof encoding)[keyof typeof encoding];
  readonly body: Uint8Array;
}

/** One column of one row group, ready to be laid into a file. */
export interface EncodedColumn {
  /** The dictionary first, if there is one. */
  readonly pages: readonly Page[];
  readonly nullCount: number;
  /** The least and the greatest value, plainly encoded; undefined where there is none, or one is too long. */
  readonly bounds: Bounds | undefined;
}

export interface Bounds {
  readonly min: Uint8Array;
  readonly max: Uint8Array;
}
