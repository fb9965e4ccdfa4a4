import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openKeyring } from "../../src/keyring/io/open-keyring.ts";
import { encodeIdentity } from "../../src/seal/age-text.ts";
import { dayKeyNameOf } from "../../src/seal/day-key-name.ts";
import { describeWithStockAge, runAge } from "../support/stock-age.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { unsealStore } from "../support/unseal-objects.ts";
import { copyWorld, endWorlds, type HoldWorld, held, makeStore } from "./support/hold-world.ts";

const scope = ["--days", "2026-02-01..2026-02-03", "--address", held.single, "--address", held.network];

let made: string;

beforeAll(async () => {
  made = await makeStore("age");
}, 60_000);

afterAll(() => endWorlds(made));

/** A store with a hold, and everything sealed of it opened. */
async function heldWorld(): Promise<HoldWorld & { readonly id: string; readonly opened: string }> {
  const world = await copyWorld(made, "age");
  const { id, status, stderr } = await world.add(scope);
  expect(status, stderr).toBe(0);
  await mkdir(join(world.store, "quarantine"), { recursive: true });
  const opened = join(await temporaryFolder(), "opened");
  await unsealStore(world.store, join(world.folder, "keys"), opened);
  return { ...world, id, opened };
}

async function ask(sql: string): Promise<readonly (readonly unknown[])[]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

describe("the copies for a hold", () => {
  it("have the columns of raw, and of every row the same values to the byte", async () => {
    const { opened } = await heldWorld();
    const node = `read_parquet('${opened}/raw/*/web01_*.parquet', hive_partitioning = false)`;
    const copy = `read_parquet('${opened}/raw/*/hold_*.parquet', hive_partitioning = false)`;
    expect(await ask(`DESCRIBE SELECT * FROM ${copy}`)).toEqual(await ask(`DESCRIBE SELECT * FROM ${node}`));
    const heldRows = `SELECT * FROM ${node} WHERE client_ip IN ('${held.single}', '${held.networkMember}') OR client_text = '${held.list}'`;
    expect(await ask(`SELECT count(*)::INTEGER FROM (${heldRows})`)).toEqual([[18]]);
    expect(await ask(`(SELECT * FROM ${copy}) EXCEPT ALL (${heldRows})`)).toEqual([]);
    expect(await ask(`(${heldRows}) EXCEPT ALL (SELECT * FROM ${copy})`)).toEqual([]);
    const texts = ["domain", "client_text", "path", "query", "user_agent", "source"];
    const bytes = texts.map((name) => `hex(encode(${name}))`).join(", ");
    expect(await ask(`SELECT ${bytes} FROM ${copy} ORDER BY time, source_offset, source`)).toEqual(
      await ask(`SELECT ${bytes} FROM (${heldRows}) ORDER BY time, source_offset, source`),
    );
  });

  it("are ordered as nodes order their rows, one object a day, and say what wrote them", async () => {
    const { opened, store, id } = await heldWorld();
    for (const day of await readdir(join(opened, "raw"))) {
      const names = (await readdir(join(store, "raw", day))).filter((name) => name.startsWith("hold_"));
      expect(names).toEqual([expect.stringMatching(`^hold_hold-${id}_[0-9a-f]{32}[.]parquet[.]age$`)]);
      const path = join(opened, "raw", day, (names[0] ?? "").replace(/\.age$/, ""));
      const rows = await ask(`SELECT domain, time::VARCHAR FROM read_parquet('${path}')`);
      const sorted = rows.map((row) => row.join(" ")).sort();
      expect(rows.map((row) => row.join(" "))).toEqual(sorted);
      const facts = await ask(
        `SELECT decode(key), decode(value) FROM parquet_kv_metadata('${path}') ORDER BY 1`,
      );
      expect(facts).toEqual([
        ["hostlog.hold", id],
        ["hostlog.program", expect.stringMatching(/^hostlog \d/)],
        ["hostlog.schema_version", "1"],
        ["hostlog.table", "raw"],
      ]);
    }
  });
});

describeWithStockAge("a copy for a hold, with the stock age", () => {
  it("opens with the hold's key of its day, and not with the day's own", async () => {
    const { folder, store, id } = await heldWorld();
    const [storeId = ""] = (await readdir(join(folder, "keys"))).filter((name) => !name.startsWith("."));
    const keyring = await openKeyring(join(folder, "keys", storeId));
    const unlocked = await keyring?.unlock({ identities: [], passphrase: undefined });
    const [name = ""] = (await readdir(join(store, "raw", "dt=2026-02-01"))).filter((one) =>
      one.includes(id),
    );
    const key = `dt=2026-02-01/${name}`;
    const bytes = await readFile(join(store, "raw", key));
    const ownName = dayKeyNameOf("raw", key);
    if (ownName === undefined || unlocked === undefined) throw new Error("there is no such key");
    const files = await temporaryFolder();
    await mkdir(files, { recursive: true });
    for (const [file, retentionClass] of [
      ["own", ownName.retentionClass],
      ["day", "standard"],
    ] as const) {
      const answer = await unlocked.identityOf({ ...ownName, retentionClass });
      if (answer.kind !== "identity") throw new Error(`the key of ${file}: ${answer.kind}`);
      await writeFile(join(files, file), `${encodeIdentity(answer.identity)}\n`, { mode: 0o600 });
    }
    unlocked.close();
    const plain = await runAge(["-d", "-i", join(files, "own")], bytes);
    expect(plain.subarray(0, 4).toString()).toBe("PAR1");
    await expect(runAge(["-d", "-i", join(files, "day")], bytes)).rejects.toThrow("no identity matched");
    await rm(files, { recursive: true });
  });
});
