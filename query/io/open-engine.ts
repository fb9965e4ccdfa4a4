import {
  blobValue,
  type DuckDBConnection,
  DuckDBInstance,
  type DuckDBValue,
  listValue,
} from "@duckdb/node-api";
import { literalPath } from "../compile-source.ts";
import type { CompiledQuery, Parameter } from "../compiled-query.ts";
import type { Cell, Row } from "../row.ts";

/** A DuckDB of our own that can read the given files and nothing else. */
export interface Engine {
  /**
   * The rows of an answer, block by block: the next block is computed once it is asked for. Throws the
   * signal's reason when it is aborted, and DuckDB's error when a statement fails.
   */
  rows(query: CompiledQuery): AsyncGenerator<readonly Row[], void, undefined>;
  close(): void;
}

/**
 * A slice of an answer is sorted in memory, never on the disk: what is sorted are visitors' addresses. This
 * is room for ten times the slice of `run-query.ts` at 400 bytes a row.
 */
const MEMORY_LIMIT = "1GiB";

/** Each thread holds the row groups it reads; on a node, the web servers come first. */
const THREADS = "2";

export async function openEngine(files: readonly string[], signal: AbortSignal): Promise<Engine> {
  const instance = await DuckDBInstance.create(":memory:", {
    threads: THREADS,
    memory_limit: MEMORY_LIMIT,
    temp_directory: "",
    autoload_known_extensions: "false",
    autoinstall_known_extensions: "false",
    allow_community_extensions: "false",
    allow_persistent_secrets: "false",
  });
  const connection = await instance.connect();
  const close = (): void => {
    connection.closeSync();
    instance.closeSync();
  };
  try {
    await confine(connection, files);
  } catch (error) {
    close();
    throw error;
  }
  return { rows: (query) => streamRows(connection, query, signal), close };
}

/** The order counts: nothing can be allowed once access is off, and nothing be changed once it is locked. */
async function confine(connection: DuckDBConnection, files: readonly string[]): Promise<void> {
  const allowed = [...new Set(files.flatMap((file) => [file, literalPath(file)]))];
  await connection.run("SET TimeZone = 'UTC'");
  await connection.run("SET parquet_metadata_cache = true");
  await connection.run("SET enable_external_file_cache = false");
  await connection.run("SET allowed_paths = $1", [listValue(allowed)]);
  await connection.run("SET enable_external_access = false");
  await connection.run("SET lock_configuration = true");
}

async function* streamRows(
  connection: DuckDBConnection,
  { sql, parameters }: CompiledQuery,
  signal: AbortSignal,
): AsyncGenerator<readonly Row[], void, undefined> {
  signal.throwIfAborted();
  const interrupt = (): void => connection.interrupt();
  signal.addEventListener("abort", interrupt);
  try {
    const result = await connection.stream(sql, parameters.map(valueOf));
    for (;;) {
      const chunk = await result.fetchChunk();
      signal.throwIfAborted();
      if (chunk === null || chunk.rowCount === 0) return;
      yield chunk.getRows().map((values) => values.map(cellOf));
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", interrupt);
  }
}

function valueOf(parameter: Parameter): DuckDBValue {
  if (parameter instanceof Uint8Array) return blobValue(parameter);
  return typeof parameter === "object" ? listValue(parameter) : parameter;
}

function cellOf(value: DuckDBValue): Cell {
  if (typeof value !== "bigint") {
    if (
      value === null ||
      typeof value === "string" ||
      typeof value === "number" ||
      typeof value === "boolean"
    )
      return value;
    throw new TypeError("the compiled query selects a type that no cell has");
  }
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}
