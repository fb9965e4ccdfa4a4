import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { encodeParquet } from "../../src/parquet/encode-parquet.ts";
import { rawSchema } from "../../src/schema/raw-schema.ts";
import { encodeIdentity } from "../../src/seal/age-text.ts";
import { sealBytes } from "../../src/seal/seal-bytes.ts";
import { generateIdentity } from "../../src/seal/x25519.ts";
import { columnsOfRows } from "../src/parquet/columns-of-rows.ts";
import { goldenRows } from "../src/parquet/golden-rows.ts";
import { openDuckdbReader } from "../src/parquet/read-back.ts";
import { describeWithStockAge, runAge } from "../support/stock-age.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const rows = goldenRows.find(({ schema }) => schema === rawSchema)?.rows ?? [];

describeWithStockAge("a raw object, as it lies in a store", () => {
  it("opens with the stock age tool and the key of its day, and DuckDB reads its rows: hostlog is not needed", async () => {
    const { identity, recipient } = generateIdentity();
    const plain = encodeParquet({
      schema: rawSchema,
      columns: columnsOfRows(rawSchema, rows),
      rows: Uint32Array.from(rows, (_, index) => index),
      metadata: {},
    });
    const folder = await temporaryFolder();
    await mkdir(join(folder, "evidence"), { mode: 0o700 });
    const path = (name: string): string => join(folder, "evidence", name);
    await writeFile(path("object.parquet.age"), sealBytes(plain, [recipient]));
    await writeFile(path("day.key"), `${encodeIdentity(identity)}\n`, { mode: 0o600 });

    await runAge(["-d", "-i", "day.key", "-o", "object.parquet", "object.parquet.age"], undefined, {
      directory: path("."),
    });

    const duckdb = await openDuckdbReader();
    onTestFinished(() => duckdb.close());
    expect(await duckdb.rows(await readFile(path("object.parquet")))).toEqual(rows);
    // What lies in the store is no Parquet file, and holds nothing in the clear.
    const sealed = await readFile(path("object.parquet.age"));
    await expect(duckdb.rows(sealed)).rejects.toThrow("No magic bytes");
    expect(sealed.includes("shop.example")).toBe(false);
    expect(plain.length).toBeLessThan(sealed.length);
  });
});
