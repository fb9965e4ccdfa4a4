import type { Column } from "../../../src/columns/column.ts";
import { appendBytes, createByteList } from "../../../src/columns/column.ts";
import type { TableColumns } from "../../../src/schema/table-columns.ts";
import type { ColumnSchema, TableSchema } from "../../../src/schema/table-schema.ts";

/**
 * A value as tests write it and readers are made to give it back: `timestamp` and numbers as numbers, `address`
 * as 32 hex digits, null where there is none.
 */
export type Value = string | number | boolean | null;

export type Row = Readonly<Record<string, Value>>;

/** The columns of a table from rows of plain values. Values that repeat share an entry, as after ingest. */
export function columnsOfRows<Schema extends TableSchema>(
  schema: Schema,
  rows: readonly Row[],
): TableColumns<Schema> {
  const columns = Object.entries<ColumnSchema>(schema.columns).map(([name, column]) => [
    name,
    columnOfValues(
      column,
      rows.map((row) => row[name] ?? null),
    ),
  ]);
  return Object.fromEntries(columns) as TableColumns<Schema>;
}

function columnOfValues({ type }: ColumnSchema, values: readonly Value[]): Column {
  if (type === "boolean")
    return { kind: "boolean", values: Uint8Array.from(values, (value) => (value === true ? 1 : 0)) };
  if (type !== "text" && type !== "address") {
    return {
      kind: "number",
      values: Float64Array.from(values, (value) => (typeof value === "number" ? value : Number.NaN)),
    };
  }
  const list = createByteList();
  const codeOf = new Map<Value, number>([[null, 0]]);
  for (const value of values) {
    if (codeOf.has(value)) continue;
    const bytes = Buffer.from(String(value), type === "address" ? "hex" : "utf8");
    codeOf.set(value, appendBytes(list, bytes, 0, bytes.length) + 1);
  }
  return { kind: "bytes", codes: Uint32Array.from(values, (value) => codeOf.get(value) ?? 0), values: list };
}
