import { DuckDBInstance } from "@duckdb/node-api";
import { encodeParquet } from "../../src/parquet/encode-parquet.ts";
import { rawSchema } from "../../src/schema/raw-schema.ts";
import { encodeWithDuckdb } from "./duckdb-writer.ts";
import { type Measurement, measure, runBenchmark, total } from "./harness.ts";
import { type RawBatch, readRawBatches } from "./raw-batches.ts";
import { encodeWithScript } from "./script-writer.ts";
import { encodeWithWasm } from "./wasm-writer.ts";

/**
 * The measurement behind docs/decisions/0002-parquet-writer.md: `npm run bench:parquet -- FILE`, with a log in
 * vhost_combined of a million lines or so.
 */
const BATCH_ROWS = 200_000;
const ROW_GROUP_ROWS = 65_536;
const ROUNDS = 5;

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error("give a log file in the vhost_combined format");

type Encode = (batch: RawBatch) => Uint8Array | Promise<Uint8Array>;

/** The first batch is encoded without being counted: it loads libraries and compiles code. */
const variantOf = (encode: Encode) => async (): Promise<Measurement> => {
  const parts: Measurement[] = [];
  for await (const batch of readRawBatches(path, BATCH_ROWS)) {
    globalThis.gc?.();
    parts.push(
      await measure(async () => ({ count: batch.rows.length, outputBytes: (await encode(batch)).length })),
    );
  }
  return total(parts.slice(1));
};

const withDuckdb = (threads: number) => async (): Promise<Measurement> => {
  const database = await DuckDBInstance.create(":memory:", { threads: String(threads) });
  const connection = await database.connect();
  return variantOf((batch) => encodeWithDuckdb(connection, batch, ROW_GROUP_ROWS))();
};

await runBenchmark({
  script: import.meta.filename,
  arguments: [path],
  rounds: ROUNDS,
  unit: "rows",
  variants: {
    "parquet-wasm, zstd": variantOf((batch) => encodeWithWasm(batch, "plain", ROW_GROUP_ROWS)),
    "parquet-wasm, dictionaries, zstd": variantOf((batch) =>
      encodeWithWasm(batch, "dictionary", ROW_GROUP_ROWS),
    ),
    "hyparquet-writer, snappy": variantOf((batch) => encodeWithScript(batch, "SNAPPY", ROW_GROUP_ROWS)),
    "hyparquet-writer, gzip": variantOf((batch) => encodeWithScript(batch, "GZIP", ROW_GROUP_ROWS)),
    "DuckDB, zstd, 1 thread": withDuckdb(1),
    "own pages": variantOf((batch) =>
      encodeParquet({
        schema: rawSchema,
        columns: batch.columns,
        rows: batch.rows,
        metadata: { "hostlog.schema": "raw/1" },
      }),
    ),
  },
});
