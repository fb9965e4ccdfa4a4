import type { BooleanColumn, BytesColumn, NumberColumn } from "../columns/column.ts";
import type { analyticsSchema } from "./analytics-schema.ts";
import type { quarantineSchema } from "./quarantine-schema.ts";
import type { rawSchema } from "./raw-schema.ts";
import type { ColumnType, TableSchema } from "./table-schema.ts";

/** The columns of a table in memory: one for each name of the schema, all with the same number of rows. */
export type TableColumns<Schema extends TableSchema> = {
  readonly [Name in keyof Schema["columns"]]: ColumnOf<Schema["columns"][Name]["type"]>;
};

type ColumnOf<Type extends ColumnType> = Type extends "text" | "address"
  ? BytesColumn
  : Type extends "boolean"
    ? BooleanColumn
    : NumberColumn;

export type RawColumns = TableColumns<typeof rawSchema>;
export type AnalyticsColumns = TableColumns<typeof analyticsSchema>;
export type QuarantineColumns = TableColumns<typeof quarantineSchema>;
