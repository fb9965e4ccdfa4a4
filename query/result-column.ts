import type { ColumnType } from "../src/schema/table-schema.ts";
import { type QueryView, viewSchemas } from "./view-schema.ts";

/** A column of an answer. */
export interface ResultColumn {
  readonly name: string;
  readonly kind: "time" | "text" | "number" | "boolean";
}

const kinds = {
  timestamp: "time",
  text: "text",
  address: "text",
  int16: "number",
  int32: "number",
  int64: "number",
  double: "number",
  boolean: "boolean",
} as const satisfies Readonly<Record<ColumnType, ResultColumn["kind"]>>;

/** Columns that are made for people from several of the schema's. `query/compile-query.ts` says how. */
const derived = {
  raw: [
    { name: "client", kind: "text" },
    { name: "target", kind: "text" },
  ],
  analytics: [],
} as const satisfies Readonly<Record<QueryView, readonly ResultColumn[]>>;

/** What an investigator looks at first. */
const forTable = {
  raw: ["time", "domain", "client", "method", "target", "status", "bytes_sent", "user_agent"],
  analytics: ["time", "domain", "client_net", "method", "path", "status", "bytes_sent", "browser", "is_bot"],
} as const satisfies Readonly<Record<QueryView, readonly string[]>>;

/** Every column that can be asked for. */
export function availableColumns(view: QueryView): readonly ResultColumn[] {
  return [...schemaColumns(view), ...derived[view]];
}

/** Every column of the schema, but for `client_ip_key`: it says what `client_ip` says. */
export function exportColumns(view: QueryView): readonly ResultColumn[] {
  return schemaColumns(view).filter(({ name }) => name !== "client_ip_key");
}

export function tableColumns(view: QueryView): readonly ResultColumn[] {
  const names: readonly string[] = forTable[view];
  const available = availableColumns(view);
  return names.flatMap((name) => available.filter((column) => column.name === name));
}

function schemaColumns(view: QueryView): readonly ResultColumn[] {
  return Object.entries(viewSchemas[view].columns).map(([name, { type }]) => ({ name, kind: kinds[type] }));
}
