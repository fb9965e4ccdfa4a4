import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { combinedLine } from "../support/log-lines.ts";
import { type Finished, runHostlog } from "../support/run-hostlog.ts";
import type { S3Operation } from "../support/s3-answer.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const program = fileURLToPath(new URL("../../dist/src/main.js", import.meta.url));
const credentials = { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "secret" };
const now = "2026-02-04";
const views = ["raw", "analytics", "quarantine"] as const;
const roots = [...views, "ledger", "published"] as const;

/** A node may put objects that carry its name, and read what is published and its own part of the ledger. */
function nodeMay(operation: S3Operation, name: string, query: URLSearchParams): boolean {
  const own = /^bucket-ledger\/logs\/(?:(?:chains|manifests)\/web01\/.+|secrets\/web01)$/;
  const published = /^bucket-published\/logs\/.+$/;
  const put = /^bucket-(?:raw|analytics|quarantine)\/logs\/dt=\d{4}-\d\d-\d\d\/web01_[^/]+$/;
  if (operation === "PutObject") return put.test(name) || own.test(name);
  if (operation === "GetObject" || operation === "HeadObject") return own.test(name) || published.test(name);
  if (operation !== "ListObjectsV2") return false;
  const prefix = query.get("prefix") ?? "";
  if (name === "bucket-published") return prefix.startsWith("logs/");
  return name === "bucket-ledger" && /^logs\/(?:(?:chains|manifests)\/web01\/|secrets\/web01)/.test(prefix);
}

interface World {
  readonly server: S3Server;
  readonly folder: string;
  /** A log of one day with five good lines and one that cannot be read. */
  writeLog(round: number): Promise<string>;
  run(...args: readonly string[]): Promise<Finished>;
  /** Runs it, and kills it when the server has been asked for so many puts. True when it came to that. */
  runUntilPut(put: number, ...args: readonly string[]): Promise<boolean>;
}

async function openWorld(): Promise<World> {
  const server = await startS3Server();
  onTestFinished(() => server.close());
  const folder = await temporaryFolder();
  const config = join(folder, "hostlog.yaml");
  await writeFile(
    config,
    [
      "node: web01",
      `s3: { endpoint: "${server.endpoint}", region: us-east-1, force_path_style: true }`,
      `state: ${join(folder, "state")}`,
      "stores:",
      ...roots.map((root) => `  ${root}: s3://bucket-${root}/logs`),
    ].join("\n"),
  );
  // What whoever set up the store has published; a node cannot.
  const identity = { version: 1, id: "0123", created_at: "2026-02-01T00:00:00.000Z", drill: true };
  server.objects.set("bucket-published/logs/store.json", Buffer.from(JSON.stringify(identity)));
  const argumentsOf = ([command, ...rest]: readonly string[]): readonly string[] => [
    command ?? "",
    "--config",
    config,
    "--now",
    now,
    ...rest,
  ];
  return {
    server,
    folder,
    async writeLog(round) {
      const path = join(folder, `access-${round}.log`);
      const line = (number: number): string =>
        combinedLine({
          ms: Date.UTC(2026, 1, 3, 12, round, number),
          request: `GET /round/${round}/line/${number} HTTP/1.1`,
        });
      const lines = [1, 2, 3, 4, 5].map(line);
      await writeFile(path, `${[...lines, `unreadable line of round ${round}`].join("\n")}\n`);
      return path;
    },
    run: (...args) => runHostlog(argumentsOf(args), { directory: folder, environment: credentials }),
    async runUntilPut(put, ...args) {
      const child = spawn(process.execPath, [program, ...argumentsOf(args)], {
        cwd: folder,
        env: { PATH: process.env["PATH"], HOME: folder, ...credentials },
        stdio: "ignore",
      });
      let puts = 0;
      server.may = (operation, name, query) => {
        if (operation === "PutObject" && ++puts === put) child.kill("SIGKILL");
        return nodeMay(operation, name, query);
      };
      const [, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
      server.may = nodeMay;
      return signal === "SIGKILL";
    },
  };
}

describe("hostlog ingest with a node's own rights", () => {
  it("stores its lines, and needs no other right than those", async () => {
    const { server, run, writeLog } = await openWorld();
    server.hidesMissing = true;
    const denied: string[] = [];
    server.may = (operation, name, query) => {
      const isAllowed = nodeMay(operation, name, query);
      if (!isAllowed) denied.push(`${operation} ${name}`);
      return isAllowed;
    };
    const log = await writeLog(0);
    for (const expected of [6, 0]) {
      const finished = await run("ingest", "--output", "json", log);
      expect(finished.status, finished.stderr).toBe(0);
      expect(JSON.parse(finished.stdout)).toMatchObject({ lines: expected });
    }
    expect(denied).toEqual([]);
  });

  it("ends with every line stored once when it is killed at any put and run again", async () => {
    const { server, run, runUntilPut, writeLog, folder } = await openWorld();
    server.hidesMissing = true;
    server.may = nodeMay;
    // What is put once and for all comes with the first.
    const first = await run("ingest", await writeLog(0));
    expect(first.status, first.stderr).toBe(0);
    let rounds = 1;
    for (let wasKilled = true; wasKilled; rounds++) {
      const log = await writeLog(rounds);
      wasKilled = await runUntilPut(rounds, "ingest", log);
      const again = await run("ingest", log);
      expect(again.status, again.stderr).toBe(0);
      expect(rounds).toBeLessThan(20);
    }
    // Three objects, the manifest and the record, each of them once; and once none.
    expect(rounds).toBe(7);
    for (const entry of await readdir(join(folder, "state", "spool", "0123"), { recursive: true })) {
      expect(entry).toBe("web01");
    }

    server.may = () => true;
    const verified = await run("verify", "--read", "--output", "json");
    expect(verified.status, verified.stderr).toBe(0);
    expect((JSON.parse(verified.stdout) as { findings: unknown[] }).findings).toEqual([]);
    const found = await run("query", "--from", "2026-02-03", "--columns", "path");
    expect(found.status, found.stderr).toBe(0);
    const paths = found.stdout.trim().split("\n");
    expect(paths).toHaveLength(rounds * 5);
    expect(new Set(paths).size).toBe(rounds * 5);
  }, 180_000);

  it("does not send to its end what has passed its term meanwhile, and says what to remove of it", async () => {
    const { server, run, runUntilPut, writeLog, folder } = await openWorld();
    server.hidesMissing = true;
    server.may = nodeMay;
    expect((await run("ingest", await writeLog(0))).status).toBe(0);
    const stored = new Set(server.objects.keys());
    const log = await writeLog(1);
    // The manifest, the last of three objects, perhaps the others; and no record.
    expect(await runUntilPut(4, "ingest", log)).toBe(true);
    const left = [...server.objects.keys()].filter((name) => !stored.has(name));
    expect(left.length).toBeGreaterThan(1);
    expect(left.filter((name) => name.startsWith("bucket-ledger/"))).toEqual([
      expect.stringContaining("/manifests/web01/"),
    ]);
    const later = ["ingest", log, "--output", "json", "--now", "2029-02-04"];
    const refused = await run(...later);
    expect(refused.status, refused.stderr).toBe(3);
    for (const name of left) expect(refused.stderr).toContain(`s3://${name}`);
    for (const name of left) server.objects.delete(name);
    const again = await run(...later);
    expect(again.status, again.stderr).toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject({ lines: 6, refused: 6 });
    const spooled = await readdir(join(folder, "state", "spool", "0123", "web01"));
    expect(spooled).toEqual([]);
    server.may = () => true;
    const verified = await run("verify", "--read", "--output", "json");
    expect((JSON.parse(verified.stdout) as { findings: unknown[] }).findings, verified.stderr).toEqual([]);
  }, 60_000);
});
