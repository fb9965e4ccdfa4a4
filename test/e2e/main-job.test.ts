import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { combinedLine } from "../support/log-lines.ts";
import { runHostlog } from "../support/run-hostlog.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const hourMs = 3_600_000;
const now = "2026-03-01T12:00:00Z";
const nowMs = Date.parse(now);

/** For tests that say nothing of sealing: to make a keyring takes longer than all they do. */
const unsealed = ["--seal", "none"] as const;

/** A store made for a drill, so that its clock may be set. */
async function drillStore(lines: readonly string[]): Promise<{ folder: string; store: string }> {
  const folder = await temporaryFolder();
  const store = `file://${join(folder, "store")}`;
  await writeFile(join(folder, "shop.example.org.log"), `${lines.join("\n")}\n`);
  return { folder, store };
}

async function ingest(
  folder: string,
  store: string,
  ...more: readonly string[]
): ReturnType<typeof runHostlog> {
  const log = join(folder, "shop.example.org.log");
  return await runHostlog(
    [
      "ingest",
      "--store",
      store,
      "--now",
      now,
      "--node",
      "web01",
      "--domain-from-file",
      "{domain}.log",
      ...more,
      log,
    ],
    { directory: folder },
  );
}

function rowsOf(stdout: string): Record<string, unknown>[] {
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("hostlog ingest, query and retention on a folder", { timeout: 60_000 }, () => {
  it("answers who asked for a file, from logs it has just read", async () => {
    const { folder, store } = await drillStore([
      combinedLine({ ms: nowMs - 5 * hourMs }),
      combinedLine({
        ms: nowMs - 4 * hourMs,
        client: "203.0.113.66",
        request: "GET /backup.zip HTTP/1.1",
        bytes: 7_340_032,
      }),
      combinedLine({
        ms: nowMs - 3 * hourMs,
        client: "2001:db8::1",
        request: "GET /backup.zip?part=2 HTTP/2.0",
      }),
    ]);
    expect(await ingest(folder, store)).toMatchObject({ status: 0 });

    const answer = await runHostlog(
      [
        "query",
        "--store",
        store,
        "--now",
        now,
        "--since",
        "1d",
        "--path",
        "/backup.zip",
        "--domain",
        "shop.example.org",
      ],
      { directory: folder },
    );

    expect(answer.status).toBe(0);
    expect(rowsOf(answer.stdout)).toMatchObject([
      { client_ip: "203.0.113.66", path: "/backup.zip", query: null, bytes_sent: 7_340_032, node: "web01" },
      {
        client_ip: "2001:db8::1",
        path: "/backup.zip",
        query: "part=2",
        protocol: "HTTP/2.0",
        source_offset: expect.any(Number),
      },
    ]);
  });

  it("gives an account that adds up to the line", async () => {
    const { folder, store } = await drillStore([
      combinedLine({ ms: nowMs - hourMs }),
      "this is no access log line",
      combinedLine({ ms: nowMs + 48 * hourMs }),
      combinedLine({ ms: Date.parse("2023-12-31T23:59:59Z") }),
    ]);

    const { stdout, status } = await ingest(folder, store, ...unsealed, "--output", "json");

    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      lines: 4,
      stored: 1,
      quarantined: { shape: 1, future: 1 },
      refused: 1,
    });
  });

  it("destroys to the day what is past its term, and certifies it so that verify knows", async () => {
    const { folder, store } = await drillStore([
      combinedLine({ ms: Date.parse("2024-03-01T00:00:00Z") }),
      combinedLine({ ms: Date.parse("2024-03-02T00:00:00Z") }),
    ]);
    await ingest(folder, store);
    const retention = (action: string, instant: string): ReturnType<typeof runHostlog> =>
      runHostlog(["retention", action, "--store", store, "--now", instant], { directory: folder });
    const days = async (): Promise<string[]> =>
      (await readdir(join(folder, "store", "raw"))).filter((name) => name.startsWith("dt=")).sort();

    expect(await retention("run", "2026-03-01T23:59:59Z")).toMatchObject({ status: 0 });
    expect(await days()).toEqual(["dt=2024-03-01", "dt=2024-03-02"]);

    expect(await retention("run", "2026-03-02T00:00:00Z")).toMatchObject({ status: 0 });
    expect(await days()).toEqual(["dt=2024-03-02"]);

    const verified = await runHostlog(["verify", "--store", store], { directory: folder });
    expect(verified.stdout).toContain("raw: 2 objects recorded, 1 of them destroyed; 1 in the store");
    expect(verified.status).toBe(0);
  });

  it("refuses a purge under a made-up clock in a store that holds real visits", async () => {
    const folder = await temporaryFolder();
    const store = `file://${join(folder, "store")}`;
    await writeFile(join(folder, "access.log"), `${combinedLine({ ms: Date.now() - hourMs })}\n`);
    const words = ["ingest", ...unsealed, "--store", store, join(folder, "access.log")];
    await runHostlog(words, { directory: folder });

    const purge = await runHostlog(["retention", "run", "--store", store, "--now", "2031-01-01"], {
      directory: folder,
    });

    expect(purge.status).toBe(64);
    expect(purge.stderr).toContain("drill");
  });

  it("finds an object that somebody changed without changing its length, when it reads", async () => {
    const { folder, store } = await drillStore([combinedLine({ ms: nowMs - hourMs })]);
    await ingest(folder, store, ...unsealed);
    const names = await readdir(join(folder, "store", "analytics"), { recursive: true });
    const path = join(folder, "store", "analytics", names.find((name) => name.endsWith(".parquet")) ?? "");
    const bytes = await readFile(path);
    bytes.fill(0x21, 40, 44);
    await writeFile(path, bytes);

    expect(await runHostlog(["verify", "--store", store], { directory: folder })).toMatchObject({
      status: 0,
    });
    const read = await runHostlog(["verify", "--read", "--store", store], { directory: folder });

    expect(read.status).toBe(3);
    expect(read.stdout).toContain("has not the bytes that were recorded");
  });

  it("refuses to read under a made-up clock into a store that holds real visits", async () => {
    const folder = await temporaryFolder();
    const log = join(folder, "access.log");
    await writeFile(log, `${combinedLine({ ms: Date.now() - hourMs })}\n`);
    await runHostlog(["ingest", ...unsealed, "--store", join(folder, "store"), log], { directory: folder });

    const drill = await runHostlog(["ingest", "--store", join(folder, "store"), "--now", "2031-01-01", log], {
      directory: folder,
    });

    expect(drill.status).toBe(64);
  });

  it("takes nothing with a format that does not fit, and says so", async () => {
    const { folder, store } = await drillStore([combinedLine({ ms: nowMs - hourMs })]);

    const wrong = await ingest(folder, store, ...unsealed, "--format", "vhost_combined");
    const right = await ingest(folder, store, "--output", "json");

    expect(wrong.status).toBe(2);
    expect(wrong.stdout).toContain("the format does not fit most of its lines");
    expect(JSON.parse(right.stdout)).toMatchObject({ stored: 1 });
  });

  it("finds an object that somebody removed behind its back", async () => {
    const { folder, store } = await drillStore([combinedLine({ ms: nowMs - hourMs })]);
    await ingest(folder, store);
    await rm(join(folder, "store", "raw"), { recursive: true });

    const verified = await runHostlog(["verify", "--store", store], { directory: folder });

    expect(verified.status).toBe(3);
    expect(verified.stdout).toContain("is recorded and not there");
  });
});
