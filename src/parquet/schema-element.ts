import type { ColumnSchema, ColumnType } from "../schema/table-schema.ts";
import {
  boolean,
  int8,
  int32,
  string,
  struct,
  type ThriftFields,
  type ThriftValue,
} from "./thrift-compact.ts";

/** Bytes of a column of type `address`. */
export const ADDRESS_BYTES = 16;

interface ParquetType {
  /** `Type` of parquet.thrift. */
  readonly physical: number;
  /** `LogicalType`, and `ConvertedType` for readers from before it. */
  readonly logical?: ThriftValue;
  readonly converted?: number;
}

const none = struct({});
const isUtc = boolean(true);
const milliseconds = struct({ 1: none });

/** How each type of ours is stored. Source: apache/parquet-format, parquet.thrift and LogicalTypes.md. */
export const parquetTypes: Readonly<Record<ColumnType, ParquetType>> = {
  boolean: { physical: 0 },
  int16: { physical: 1, logical: struct({ 10: struct({ 1: int8(16), 2: boolean(true) }) }), converted: 16 },
  int32: { physical: 1 },
  int64: { physical: 2 },
  timestamp: { physical: 2, logical: struct({ 8: struct({ 1: isUtc, 2: milliseconds }) }), converted: 9 },
  double: { physical: 5 },
  text: { physical: 6, logical: struct({ 1: none }), converted: 0 },
  address: { physical: 7 },
};

/** The `SchemaElement` of a column. */
export function schemaElement(name: string, { type, isNullable }: ColumnSchema): ThriftFields {
  const { physical, logical, converted } = parquetTypes[type];
  return {
    1: int32(physical),
    2: type === "address" ? int32(ADDRESS_BYTES) : undefined,
    3: int32(isNullable ? 1 : 0),
    4: string(name),
    6: converted === undefined ? undefined : int32(converted),
    10: logical,
  };
}

/** The `SchemaElement` that holds the columns. */
export function rootElement(columnCount: number): ThriftFields {
  return { 4: string("schema"), 5: int32(columnCount) };
}
