import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeParquet } from "../../../src/parquet/encode-parquet.ts";
import { gzip, type PageCodec, zstd } from "../../../src/parquet/page-codec.ts";
import type { TableSchema } from "../../../src/schema/table-schema.ts";
import { columnsOfRows, type Row } from "./columns-of-rows.ts";
import { goldenRows } from "./golden-rows.ts";
import { type DuckdbReader, openDuckdbReader, readWithHyparquet } from "./read-back.ts";

/** `TABLE-vVERSION[-zstd].parquet` with its rows in `TABLE-vVERSION.json`. Released ones are never written again. */
const folder = join(import.meta.dirname, "../../golden/objects");

const codecs: readonly (readonly [string, PageCodec | undefined])[] = [
  ["", gzip],
  ["-zstd", zstd],
];

/**
 * The objects of a new schema version are made here the first time the test runs, and committed. In CI nothing
 * is written: an object that is missing there was forgotten. The zstd ones need a Node that has it.
 */
async function makeMissing(schema: TableSchema, rows: readonly Row[]): Promise<void> {
  const name = join(folder, `${schema.table}-v${schema.version}`);
  for (const [suffix, codec] of codecs) {
    if (codec === undefined || existsSync(`${name}${suffix}.parquet`)) continue;
    if (process.env["CI"] === "true")
      throw new Error(`no golden object of ${schema.table} version ${schema.version}`);
    const columns = columnsOfRows(schema, rows);
    const order = Uint32Array.from(rows, (_, index) => index);
    const metadata = { "hostlog.program": "hostlog golden" };
    await writeFile(
      `${name}${suffix}.parquet`,
      encodeParquet({ schema, columns, rows: order, metadata }, codec),
    );
    await writeFile(`${name}.json`, `[\n${rows.map((row) => JSON.stringify(row)).join(",\n")}\n]\n`);
  }
}

for (const { schema, rows } of goldenRows) await makeMissing(schema, rows);
const objects = (await readdir(folder)).filter((name) => name.endsWith(".parquet"));

describe("a released schema", () => {
  let duckdb: DuckdbReader;
  beforeAll(async () => {
    duckdb = await openDuckdbReader();
  });
  afterAll(() => duckdb.close());

  it.each(goldenRows)("$schema.table has golden objects of its present version", ({ schema }) => {
    const name = `${schema.table}-v${schema.version}`;
    expect(objects).toContain(`${name}.parquet`);
    expect(objects).toContain(`${name}-zstd.parquet`);
  });

  it.each(objects)("stays readable: %s", async (name) => {
    const file = await readFile(join(folder, name));
    const rows: unknown = JSON.parse(
      await readFile(join(folder, name.replace(/(-zstd)?\.parquet$/, ".json")), "utf8"),
    );
    expect(await readWithHyparquet(file)).toEqual(rows);
    expect(await duckdb.rows(file)).toEqual(rows);
  });

  it.each(goldenRows)(
    "$schema.table is still made from the rows that its objects hold",
    async ({ schema, rows }) => {
      const text = await readFile(join(folder, `${schema.table}-v${schema.version}.json`), "utf8");
      expect(JSON.parse(text)).toEqual(rows);
    },
  );
});
