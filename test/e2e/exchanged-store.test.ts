import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import { combinedLine } from "../support/log-lines.ts";
import { runHostlog } from "../support/run-hostlog.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Short terms, so that there are few keys to make. */
const config = "classes: { standard: 30d }\nquarantine: { term: 30d }\n";

let folder: string;

beforeEach(async () => {
  folder = await temporaryFolder();
  await writeFile(join(folder, "hostlog.yaml"), config);
  await writeFile(join(folder, "one.log"), `${combinedLine({ ms: Date.now() - 3_600_000 })}\n`);
  expect(await ingest("one.log")).toMatchObject({ status: exitCode.ok });
  await writeFile(
    join(folder, "two.log"),
    `${combinedLine({ ms: Date.now() - 1_800_000, request: "GET /two HTTP/1.1" })}\n`,
  );
});

/** `keys`: the folder with keyrings; a node has none. */
function ingest(log: string, { keys = "keys", store = "store" } = {}): ReturnType<typeof runHostlog> {
  return runHostlog(
    ["ingest", "--config", "hostlog.yaml", "--store", store, "--domain", "example.org", "--seal", "age", log],
    { directory: folder, environment: { HOSTLOG_KEYS: join(folder, keys) } },
  );
}

function ingestAsNode(log: string): ReturnType<typeof runHostlog> {
  return runHostlog(
    [
      "ingest",
      "--config",
      "hostlog.yaml",
      "--store",
      "store",
      "--domain",
      "example.org",
      "--node",
      "web-9",
      log,
    ],
    { directory: folder, environment: { HOSTLOG_KEYS: join(folder, "none") } },
  );
}

async function rawNames(): Promise<readonly string[]> {
  const names = await readdir(join(folder, "store", "raw"), { recursive: true });
  return names.filter((name) => name.includes(".parquet"));
}

describe("a node whose store somebody has meddled with takes no line", () => {
  // The keyring was on this machine at the first ingest; a node never has one.
  beforeEach(async () => {
    const state = join(folder, "store", "state");
    for (const name of await readdir(state)) if (name.startsWith("keyring-")) await rm(join(state, name));
  });

  it("when it says that it is not sealed any more", async () => {
    const path = join(folder, "store", "published", "store.json");
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replace('"seal":"age"', '"seal":"none"'));
    const ended = await ingestAsNode("two.log");
    expect(ended.status).toBe(exitCode.integrity);
    expect(ended.stderr).toContain("not sealed");
    expect((await rawNames()).every((name) => name.endsWith(".age"))).toBe(true);
  });

  it("when what is published is another store's, made to look like one", async () => {
    expect(await ingest("two.log", { keys: "thief", store: "other" })).toMatchObject({ status: exitCode.ok });
    const published = join(folder, "store", "published");
    await rm(published, { recursive: true });
    await cp(join(folder, "other", "published"), published, { recursive: true });
    const ended = await ingestAsNode("two.log");
    expect(ended.status).toBe(exitCode.integrity);
    expect(ended.stderr).toContain("exchanged");
    expect(await rawNames()).toHaveLength(1);
  });
});

describe("the machine with the only keyring takes no line", () => {
  it("when the keyring is gone", async () => {
    await rm(join(folder, "keys"), { recursive: true });
    const ended = await ingest("two.log");
    expect(ended.status).toBe(exitCode.integrity);
    expect(ended.stderr).toContain("keys restore");
    expect(await readdir(folder)).not.toContain("keys");
  });

  it("when an older copy of the keyring was put back, with a key that was destroyed since", async () => {
    await cp(join(folder, "keys"), join(folder, "copy"), { recursive: true });
    const today = new Date().toISOString().slice(0, 10);
    const destroyed = await runHostlog(
      [
        "keys",
        "destroy",
        "--config",
        "hostlog.yaml",
        "--store",
        "store",
        "--day",
        today,
        "--view",
        "raw",
        "--yes",
      ],
      { directory: folder, environment: { HOSTLOG_KEYS: join(folder, "keys") } },
    );
    expect(destroyed).toMatchObject({ status: exitCode.ok });
    await rm(join(folder, "keys"), { recursive: true });
    await mkdir(join(folder, "keys"), { mode: 0o700 });
    await cp(join(folder, "copy"), join(folder, "keys"), { recursive: true });
    const ended = await ingest("two.log");
    expect(ended.status).toBe(exitCode.integrity);
    expect(ended.stderr).toContain("older copy");
  });

  it("when a month of its keys is gone: others are not made in their place", async () => {
    const [id = ""] = await readdir(join(folder, "keys"));
    const days = join(folder, "keys", id, "days");
    const month = new Date().toISOString().slice(0, 7);
    await rm(join(days, `raw_standard_${month}.json`));
    const ended = await ingest("two.log");
    expect(ended.status).toBe(exitCode.integrity);
    expect(ended.stderr).toContain("lost keys");
  });
});
