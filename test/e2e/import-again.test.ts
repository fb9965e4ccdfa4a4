import { appendFile, copyFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { combinedLine } from "../support/log-lines.ts";
import { runHostlog } from "../support/run-hostlog.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { startWarmHostlog, type WarmHostlog } from "../support/warm-hostlog.ts";

const startMs = Date.parse("2026-03-01T08:00:00Z");

function logText(from: number, to: number): string {
  let text = "";
  for (let i = from; i < to; i++) {
    text += `${combinedLine({ ms: startMs + i * 1000, request: `GET /page-${i} HTTP/1.1`, client: `198.51.100.${i % 250}` })}\n`;
  }
  return text;
}

let hostlog: WarmHostlog;
beforeAll(() => {
  hostlog = startWarmHostlog();
  return () => hostlog.end();
});

interface World {
  readonly folder: string;
  readonly path: (name: string) => string;
  /** Ingests the files and returns how many lines were new. */
  readonly ingest: (...args: readonly string[]) => Promise<number>;
  readonly storedRows: () => Promise<number>;
}

async function openWorld(): Promise<World> {
  const folder = await temporaryFolder();
  const common = ["--store", join(folder, "store"), "--now", "2026-03-01T12:00:00Z"];
  const run = async (args: readonly string[]): Promise<string> => {
    const finished = await hostlog.run([...args, ...common], { directory: folder });
    expect(finished.stderr.replace(/^warning: this is a drill.*\n/, ""), finished.stdout).not.toContain(
      "hostlog:",
    );
    return finished.stdout;
  };
  return {
    folder,
    path: (name) => join(folder, name),
    ingest: async (...args) =>
      (JSON.parse(await run(["ingest", "--seal", "none", "--output", "json", ...args])) as { stored: number })
        .stored,
    storedRows: async () => {
      const rows = await run(["query", "--from", "2026-03-01", "--output", "csv", "--columns", "path"]);
      return rows.split("\n").filter((line) => line !== "").length - 1;
    },
  };
}

describe("hostlog ingest of a log that was read before", () => {
  it("adds nothing when it is read again", async () => {
    const { path, ingest, storedRows } = await openWorld();
    await writeFile(path("access.log"), logText(0, 500));
    expect(await ingest(path("access.log"))).toBe(500);
    expect(await ingest(path("access.log"))).toBe(0);
    expect(await storedRows()).toBe(500);
  });

  it("adds only what has grown behind it, through renaming and compression", async () => {
    const { path, ingest, storedRows } = await openWorld();
    await writeFile(path("access.log"), logText(0, 300));
    expect(await ingest(path("access.log"))).toBe(300);
    await appendFile(path("access.log"), logText(300, 700));
    await rename(path("access.log"), path("access.log.1"));
    expect(await ingest(path("access.log.1"))).toBe(400);
    await writeFile(path("access.log.2.gz"), gzipSync(logText(0, 1000)));
    expect(await ingest(path("access.log.2.gz"))).toBe(300);
    expect(await storedRows()).toBe(1000);
  });

  it("adds nothing from a copy that is older and shorter", async () => {
    const { path, ingest } = await openWorld();
    await writeFile(path("access.log"), logText(0, 2000));
    expect(await ingest(path("access.log"))).toBe(2000);
    await writeFile(path("access.log.bak"), logText(0, 1200));
    const again = await hostlog.run(
      ["ingest", path("access.log.bak"), "--store", path("store"), "--now", "2026-03-01T12:00:00Z"],
      { directory: path("") },
    );
    // What lies inside a stored piece cannot be compared; that is said, not passed over.
    expect(again.stdout).toContain("stored       0 lines");
    expect(again.stdout).toContain("could not be compared and were not read");
    expect(again.status).toBe(2);
  });

  it("reads the same file once when it is named twice under different names", async () => {
    const { path, ingest } = await openWorld();
    await writeFile(path("access.log"), logText(0, 100));
    await copyFile(path("access.log"), path("copy.log"));
    expect(await ingest(path("access.log"), path("copy.log"))).toBe(100);
  });

  it("keeps apart two sites' logs that begin with the same line", async () => {
    const { path, ingest } = await openWorld();
    const scan = `${combinedLine({ ms: startMs, client: "203.0.113.66", request: "GET /.env HTTP/1.1", status: 404 })}\n`;
    await writeFile(path("a.example.org.log"), scan);
    await writeFile(path("b.example.org.log"), scan);
    const files = [path("a.example.org.log"), path("b.example.org.log")];
    expect(await ingest("--domain-from-file", "{domain}.log", ...files)).toBe(2);
  });

  it("keeps apart two logs that begin with the same line and then differ", async () => {
    const { path, ingest } = await openWorld();
    await writeFile(path("one.log"), logText(0, 1) + logText(10, 400));
    await writeFile(path("two.log"), logText(0, 1) + logText(500, 900));
    expect(await ingest(path("one.log"), path("two.log"))).toBe(391 + 401);
    await rm(path("one.log"));
    expect(await ingest(path("two.log"))).toBe(0);
  });

  it("leaves half a line at the end until it is whole", async () => {
    const { path, ingest } = await openWorld();
    const half = logText(5, 6).slice(0, 60);
    await writeFile(path("access.log"), logText(0, 5) + half);
    expect(await ingest(path("access.log"))).toBe(5);
    await appendFile(path("access.log"), logText(5, 6).slice(60));
    expect(await ingest(path("access.log"))).toBe(1);
  });

  it("reads standard input as it reads files", async () => {
    const { folder, path, ingest } = await openWorld();
    await writeFile(path("access.log"), logText(0, 50));
    expect(await ingest(path("access.log"))).toBe(50);
    const piped = await runHostlog(
      ["ingest", "-", "--store", join(folder, "store"), "--now", "2026-03-01T12:00:00Z", "--output", "json"],
      { directory: folder, input: logText(0, 80) },
    );
    expect(JSON.parse(piped.stdout)).toMatchObject({ stored: 30 });
  });
});
