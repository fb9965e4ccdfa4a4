import type { ColumnType } from "../src/schema/table-schema.ts";
import type { Bind } from "./compiled-query.ts";
import { type QueryView, viewSchemas } from "./view-schema.ts";

const sqlTypes = {
  timestamp: "TIMESTAMPTZ",
  text: "VARCHAR",
  address: "BLOB",
  int16: "SMALLINT",
  int32: "INTEGER",
  int64: "BIGINT",
  double: "DOUBLE",
  boolean: "BOOLEAN",
} as const satisfies Readonly<Record<ColumnType, string>>;

/**
 * The files as one relation named `line` that has every column of the schema: files of another schema
 * version may lack some, and those are null. Paths are patterns to the engine, so what means something in a
 * pattern is taken literally; and a `dt=` in a path makes no column.
 */
export function compileSource(view: QueryView, files: readonly string[], bind: Bind): string {
  const typed = Object.entries(viewSchemas[view].columns).map(
    ([name, { type }]) => `NULL::${sqlTypes[type]} AS ${name}`,
  );
  return `FROM (
  SELECT ${typed.join(", ")} WHERE false
  UNION ALL BY NAME
  SELECT * FROM read_parquet(${bind(files.map(literalPath))}, union_by_name = true, hive_partitioning = false)
) AS line`;
}

/** A path that, read as a pattern, is found only where it says. */
export function literalPath(path: string): string {
  return path.replaceAll(/[*?[]/g, "[$&]");
}
