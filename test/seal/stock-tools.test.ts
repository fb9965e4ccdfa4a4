import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, it } from "vitest";
import { clfTime } from "../support/log-lines.ts";
import { runHostlog } from "../support/run-hostlog.ts";
import { describeWithStockAge, runAge } from "../support/stock-age.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const nowMs = Date.parse("2026-11-22T12:00:00Z");

describeWithStockAge("with the stock age tool and DuckDB, and without this program", () => {
  it("a sealed object of a day is read, from the keyring on", async () => {
    const folder = await temporaryFolder();
    const lines = [1, 2, 3].map(
      (page) =>
        `192.0.2.${page} - - [${clfTime(nowMs - 3_600_000)}] "GET /page-${page} HTTP/1.1" 200 77 "-" "curl/8"`,
    );
    await writeFile(join(folder, "access.log"), `${lines.join("\n")}\n`);
    const words = [
      "ingest",
      "--store",
      "store",
      "--domain",
      "example.org",
      "--seal",
      "age",
      "--node",
      "web-1",
    ];
    const environment = { HOSTLOG_KEYS: join(folder, "keys") };
    const ended = await runHostlog([...words, "--now", "2026-11-22T12:00:00Z", "access.log"], {
      directory: folder,
      environment,
    });
    expect(ended).toMatchObject({ status: 0 });

    const [id = ""] = await readdir(environment.HOSTLOG_KEYS);
    const keyring = join(environment.HOSTLOG_KEYS, id);
    const month = JSON.parse(await readFile(join(keyring, "days", "raw_standard_2026-11.json"), "utf8")) as {
      keys: Record<string, { identity: string }>;
    };
    const wrapped = Buffer.from(month.keys["2026-11-22"]?.identity ?? "", "base64");
    const identity = await runAge(["-d", "-i", join(keyring, "custodian.key")], wrapped);
    await writeFile(join(folder, "day.txt"), identity, { mode: 0o600 });
    const raw = join(folder, "store", "raw", "dt=2026-11-22");
    const [name = ""] = await readdir(raw);
    expect(name).toMatch(/\.parquet\.age$/);
    const opened = join(folder, "opened.parquet");
    await runAge(["-d", "-i", join(folder, "day.txt"), "-o", opened, join(raw, name)]);

    const connection = await (await DuckDBInstance.create(":memory:")).connect();
    const answer = await connection.runAndReadAll(
      `SELECT client_ip, path FROM read_parquet('${opened}') ORDER BY path`,
    );
    expect(answer.getRows()).toEqual([1, 2, 3].map((page) => [`192.0.2.${page}`, `/page-${page}`]));
  });
});
