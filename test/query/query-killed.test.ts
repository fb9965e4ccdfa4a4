import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { combinedLine } from "../support/log-lines.ts";
import { runHostlog } from "../support/run-hostlog.ts";
import { startS3Server } from "../support/s3-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const program = fileURLToPath(new URL("../../dist/src/main.js", import.meta.url));
const credentials = { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "secret" };

it("hostlog query leaves copies when it is killed, and the next one removes them", async () => {
  const server = await startS3Server();
  onTestFinished(() => server.close());
  const folder = await temporaryFolder();
  const scratch = join(folder, "state", "scratch");
  const config = join(folder, "hostlog.yaml");
  await writeFile(
    config,
    `node: web01
store: s3://bucket/logs
seal: none
state: ${join(folder, "state")}
s3: { endpoint: "${server.endpoint}", region: us-east-1, force_path_style: true }
`,
  );
  const log = join(folder, "access.log");
  const days = [1, 2].map((day) => combinedLine({ ms: Date.UTC(2026, 1, day, 12) }));
  await writeFile(log, `${days.join("\n")}\n`);
  const options = ["--config", config, "--now", "2026-02-04"];
  const surroundings = { directory: folder, environment: credentials };
  const ingested = await runHostlog(["ingest", log, ...options], surroundings);
  expect(ingested.status, ingested.stderr).toBe(0);

  // One object comes, the other does not.
  server.inject("GetObject", { kind: "change", change: (answer) => answer }, { kind: "stall" });
  const child = spawn(process.execPath, [program, "query", "--from", "2026-02-01", ...options], {
    cwd: folder,
    env: { PATH: process.env["PATH"], ...credentials },
    stdio: "ignore",
  });
  while (!(await filesBelow(scratch)).some((name) => name.endsWith(".parquet"))) await delay(20);
  child.kill("SIGKILL");
  await once(child, "close");
  expect((await filesBelow(scratch)).filter((name) => name.endsWith(".parquet"))).toHaveLength(1);
  expect((await stat(scratch)).mode & 0o777).toBe(0o700);

  const next = await runHostlog(["query", "--from", "2026-02-01", ...options], surroundings);
  expect(next.status, next.stderr).toBe(0);
  expect(next.stdout.trim().split("\n")).toHaveLength(2);
  expect(await readdir(scratch)).toEqual([]);
}, 60_000);

async function filesBelow(path: string): Promise<readonly string[]> {
  return await readdir(path, { recursive: true }).catch(() => []);
}
