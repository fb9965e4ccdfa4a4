import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { readClient } from "../../src/address.ts";
import { analyticsSchema } from "../../src/schema/analytics-schema.ts";
import { rawSchema } from "../../src/schema/raw-schema.ts";
import type { ColumnType, TableSchema } from "../../src/schema/table-schema.ts";

/** A row by column name: instants in ms, `client_ip_key` in hex; what is not named is null. */
export type ParquetRow = Readonly<Record<string, string | number | boolean | null>>;

const sqlTypes: Readonly<Record<ColumnType, string>> = {
  timestamp: "BIGINT",
  text: "VARCHAR",
  address: "VARCHAR",
  int16: "SMALLINT",
  int32: "INTEGER",
  int64: "BIGINT",
  double: "DOUBLE",
  boolean: "BOOLEAN",
};

/** A row of the raw view; `client_ip_key` follows from `client_ip`. */
export function rawRow(row: ParquetRow): ParquetRow {
  const ip = row["client_ip"];
  const client = typeof ip === "string" ? readClient(ip) : undefined;
  return {
    received_at: 0,
    domain: "example.org",
    client_ip_key: client === undefined ? null : Buffer.from(client.key).toString("hex"),
    node: "web1",
    source: "0".repeat(32),
    source_offset: 0,
    ...row,
  };
}

/** A Parquet file with the columns of a view, but for those that an older schema did not have. */
export async function parquetRows(
  rows: readonly ParquetRow[],
  { view = "raw", without = [] }: { view?: "raw" | "analytics"; without?: readonly string[] } = {},
): Promise<Uint8Array> {
  const schema: TableSchema = view === "raw" ? rawSchema : analyticsSchema;
  const columns = Object.entries(schema.columns).filter(([name]) => !without.includes(name));
  const structure = Object.fromEntries(columns.map(([name, { type }]) => [name, sqlTypes[type]]));
  const selected = columns.map(([name, { type }]) => `${valueOf(name, type)} AS ${name}`);
  return parquetOf(
    `SELECT ${selected.join(", ")} FROM (SELECT unnest(from_json($1::JSON, '${JSON.stringify([structure])}')) AS row)`,
    [JSON.stringify(rows)],
  );
}

/** A Parquet file with the rows of a SELECT. */
export async function parquetOf(select: string, parameters: string[] = []): Promise<Uint8Array> {
  const directory = await mkdtemp(join(tmpdir(), "hostlog-test-"));
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const path = join(directory, "rows.parquet");
    await connection.run("SET TimeZone = 'UTC'");
    await connection.run(`COPY (${select}) TO '${path}' (FORMAT parquet, COMPRESSION zstd)`, parameters);
    return await readFile(path);
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(directory, { recursive: true, force: true });
  }
}

function valueOf(name: string, type: ColumnType): string {
  if (type === "timestamp") return `make_timestamptz(row.${name} * 1000)`;
  return type === "address" ? `unhex(row.${name})` : `row.${name}`;
}
