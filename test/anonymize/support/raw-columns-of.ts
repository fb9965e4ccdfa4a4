import { randomBytes } from "node:crypto";
import { readClient } from "../../../src/address.ts";
import { createByteDictionary, intern } from "../../../src/columns/byte-dictionary.ts";
import { type BytesColumn, type Column, entryOf, type NumberColumn } from "../../../src/columns/column.ts";
import { type RawColumnName, rawSchema } from "../../../src/schema/raw-schema.ts";
import type { AnalyticsColumns, RawColumns } from "../../../src/schema/table-columns.ts";

/** A row of raw as a test writes it; `client` fills the three columns of the client, as ingest does. */
export type RawRow = Partial<Record<Exclude<RawColumnName, "client_ip_key">, string | number>> & {
  readonly client?: string;
};

type Cell = string | number | Uint8Array | undefined;

const encoder = new TextEncoder();

export function rawColumnsOf(rows: readonly RawRow[]): RawColumns {
  const full = rows.map((row) => ({ time: 0, domain: "example.nl", ...row, ...clientOf(row.client) }));
  const columns = Object.entries(rawSchema.columns).map(([name, { type }]) => {
    const cells = full.map((row) => (row as Readonly<Record<string, Cell>>)[name]);
    return [name, type === "text" || type === "address" ? bytesColumn(cells) : numbersColumn(cells)];
  });
  return Object.fromEntries(columns) as RawColumns;
}

/** The rows of a table as records, absent cells left out. */
export function rowsOf(
  columns: AnalyticsColumns,
  order: Iterable<number>,
): Readonly<Record<string, string | number | boolean | undefined>>[] {
  return Array.from(order, (row) => {
    const cells = Object.entries(columns).map(([name, column]) => [name, cellOf(column, row)]);
    return Object.fromEntries(cells.filter(([, cell]) => cell !== undefined));
  });
}

/** Everything that the columns hold, dictionary entries that no row has included, as one text. */
export function everythingIn(columns: AnalyticsColumns): string {
  const parts = Object.values<Column>(columns).map((column) => {
    if (column.kind !== "bytes") return column.values.join(" ");
    return Buffer.from(column.values.bytes).toString("utf8");
  });
  return parts.join("\n");
}

/** Something that can stand nowhere by accident. */
export function canary(): string {
  return `canary${randomBytes(8).toString("hex")}`;
}

function clientOf(client: string | undefined): Readonly<Record<string, Cell>> {
  if (client === undefined) return {};
  const read = readClient(client);
  return read === undefined ? { client_text: client } : { client_ip: read.text, client_ip_key: read.key };
}

function bytesColumn(cells: readonly Cell[]): BytesColumn {
  const dictionary = createByteDictionary();
  const codes = Uint32Array.from(cells, (cell) => {
    if (cell === undefined) return 0;
    const bytes = cell instanceof Uint8Array ? cell : encoder.encode(String(cell));
    return intern(dictionary, bytes, 0, bytes.length, 0);
  });
  return { kind: "bytes", codes, values: dictionary.values };
}

function numbersColumn(cells: readonly Cell[]): NumberColumn {
  return {
    kind: "number",
    values: Float64Array.from(cells, (cell) => (cell === undefined ? Number.NaN : Number(cell))),
  };
}

function cellOf(column: Column, row: number): string | number | boolean | undefined {
  if (column.kind === "boolean") return column.values[row] === 1;
  if (column.kind === "number") {
    const value = column.values[row] ?? Number.NaN;
    return Number.isNaN(value) ? undefined : value;
  }
  const code = column.codes[row] ?? 0;
  return code === 0 ? undefined : Buffer.from(entryOf(column.values, code - 1)).toString("utf8");
}
