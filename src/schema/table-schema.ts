/**
 * A column of a table, said once: the Parquet schema, the DDL for other engines and the documentation are
 * made from it. A type names both what Parquet stores and what our columns hold.
 */
export interface ColumnSchema {
  readonly type: ColumnType;
  readonly isNullable: boolean;
  /** One sentence for the people who read the data, with the unit. */
  readonly about: string;
}

/**
 * - `timestamp`: ms since 1970, UTC (Parquet INT64, TIMESTAMP(MILLIS, true))
 * - `text`: UTF-8, encoded by `src/text.ts` (BYTE_ARRAY, STRING)
 * - `address`: 16 bytes, IPv4 as ::ffff:0:0/96 (FIXED_LEN_BYTE_ARRAY(16))
 * - `int16`, `int32`, `int64`, `double`, `boolean`
 */
export type ColumnType =
  | "timestamp"
  | "text"
  | "address"
  | "int16"
  | "int32"
  | "int64"
  | "double"
  | "boolean";

export interface TableSchema<Name extends string = string> {
  readonly table: string;
  /** Grows by one with every released change; each released version stays readable. */
  readonly version: number;
  readonly columns: Readonly<Record<Name, ColumnSchema>>;
}
