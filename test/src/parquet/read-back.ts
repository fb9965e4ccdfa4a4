import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import {
  DuckDBBlobValue,
  type DuckDBConnection,
  DuckDBInstance,
  DuckDBTimestampTZValue,
} from "@duckdb/node-api";
import { decompress } from "fzstd";
import { parquetReadObjects } from "hyparquet";
import type { Row, Value } from "./columns-of-rows.ts";

/** The rows of a file as hyparquet reads them. */
export async function readWithHyparquet(file: Uint8Array): Promise<readonly Row[]> {
  const buffer = new Uint8Array(file).buffer;
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const rows = await parquetReadObjects({
    file: buffer,
    compressors: { GZIP: (page) => gunzipSync(page), ZSTD: (page) => decompress(page) },
    parsers: { stringFromBytes: (bytes) => utf8.decode(bytes) },
  });
  return rows.map(plainRow);
}

/** A DuckDB that reads files out of memory, by way of a folder that `close` removes. */
export interface DuckdbReader {
  rows(file: Uint8Array): Promise<readonly Row[]>;
  /** The answer to a query over the file, which is `FILE` in it. */
  query(file: Uint8Array, sql: string): Promise<readonly Row[]>;
  close(): Promise<void>;
}

export async function openDuckdbReader(): Promise<DuckdbReader> {
  const directory = await mkdtemp(join(tmpdir(), "hostlog-parquet-"));
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection: DuckDBConnection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  let files = 0;
  const query = async (file: Uint8Array, sql: string): Promise<readonly Row[]> => {
    // A new name each time: DuckDB remembers footers by path.
    const path = join(directory, `${files++}.parquet`);
    await writeFile(path, file);
    const result = await connection.runAndReadAll(sql.replaceAll("FILE", `'${path}'`));
    await rm(path);
    return result.getRowObjects().map(plainRow);
  };
  return {
    query,
    rows: (file) => query(file, "SELECT * FROM read_parquet(FILE)"),
    close: async () => {
      connection.closeSync();
      instance.closeSync();
      await rm(directory, { recursive: true });
    },
  };
}

function plainRow(row: Readonly<Record<string, unknown>>): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plainValue(value)]));
}

function plainValue(value: unknown): Value {
  if (value === null || value === undefined) return null;
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Date) return value.getTime();
  if (value instanceof DuckDBTimestampTZValue) return Number(value.micros / 1000n);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString("hex");
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  throw new TypeError(`a reader gave a value of a kind that no column of ours has: ${typeof value}`);
}
