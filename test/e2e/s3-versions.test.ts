import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import { combinedLine } from "../support/log-lines.ts";
import type { Finished } from "../support/run-hostlog.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { startWarmHostlog, type WarmHostlog } from "../support/warm-hostlog.ts";

const due = "2028-02-03";

let hostlog: WarmHostlog;
beforeAll(() => {
  hostlog = startWarmHostlog();
  return () => hostlog.end();
});

let server: S3Server;
let folder: string;

/** Three days of a log, of which two are due; the bucket of raw keeps versions. */
beforeEach(async () => {
  server = await startS3Server();
  onTestFinished(() => server.close());
  server.versioning.set("bucket-raw", "Enabled");
  folder = await temporaryFolder();
  await writeFile(
    join(folder, "hostlog.yaml"),
    [
      "node: web01",
      "seal: none",
      `s3: { endpoint: "${server.endpoint}", region: us-east-1, force_path_style: true }`,
      `state: ${join(folder, "state")}`,
      "stores:",
      ...["raw", "analytics", "quarantine", "ledger", "published"].map(
        (root) => `  ${root}: s3://bucket-${root}/logs`,
      ),
    ].join("\n"),
  );
  const lines = [1, 2, 3].map((day) =>
    combinedLine({ ms: Date.UTC(2026, 1, day, 12), client: "203.0.113.66" }),
  );
  await writeFile(join(folder, "access.log"), `${lines.join("\n")}\n`);
  await run("2026-02-04", "ingest", "--domain", "shop.example.org", join(folder, "access.log"));
}, 60_000);

function run(now: string, ...args: readonly string[]): Promise<Finished> {
  return hostlog.run([...args, "--config", join(folder, "hostlog.yaml"), "--now", now], {
    directory: folder,
    environment: { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" },
  });
}

/** The one raw object of a day, as the server names it. */
function rawOf(day: string): string {
  const name = [...server.objects.keys()].find((each) => each.startsWith(`bucket-raw/logs/dt=${day}/`));
  if (name === undefined) throw new Error(`no object of ${day}`);
  return name;
}

async function hide(name: string): Promise<void> {
  await fetch(`${server.endpoint}/${name}`, { method: "DELETE" });
}

async function beginUpload(name: string): Promise<void> {
  await fetch(`${server.endpoint}/${name}?uploads`, { method: "POST" });
}

describe("hostlog, where a bucket keeps versions", { timeout: 120_000 }, () => {
  it("destroys every version and upload of what is due, also of what nobody sees any more", async () => {
    const [first, second, third] = [rawOf("2026-02-01"), rawOf("2026-02-02"), rawOf("2026-02-03")];
    await beginUpload(first);
    await hide(second);
    const purge = await run(due, "retention", "run", "--output", "json");
    expect(purge.status, purge.stderr).toBe(exitCode.ok);
    expect(server.versionsOf(first)).toEqual([]);
    expect(server.versionsOf(second)).toEqual([]);
    expect(server.uploads.size).toBe(0);
    expect(server.versionsOf(third)).toHaveLength(1);
    const audit = await run(due, "verify");
    expect(audit.status, audit.stderr).toBe(exitCode.ok);
    expect(audit.stdout).toContain("raw: 3 objects recorded, 2 of them destroyed; 1 in the store");
  });

  it("records an object that is locked only once it is gone", async () => {
    const first = rawOf("2026-02-01");
    const lock = `${first}?versionId=${server.versionsOf(first)[0]?.versionId}`;
    server.locks.set(lock, "2028-02-04T00:00:00.000Z");
    const early = await run(due, "retention", "run", "--output", "table");
    expect(early.status).toBe(exitCode.partial);
    expect(early.stdout).toContain("is locked until 2028-02-04T00:00:00.000Z");
    expect((await run(due, "verify")).stdout).toContain("raw: 3 objects recorded, 1 of them destroyed");

    server.locks.clear();
    const late = await run(due, "retention", "run");
    expect(late.status, late.stderr).toBe(exitCode.ok);
    expect((await run(due, "verify")).stdout).toContain("raw: 3 objects recorded, 2 of them destroyed");
  });

  it("leaves a view alone, and says what to allow, where it may not look for versions", async () => {
    const first = rawOf("2026-02-01");
    server.may = (operation) => operation !== "ListObjectVersions";
    const purge = await run(due, "retention", "run");
    expect(purge.status).toBe(exitCode.partial);
    expect(purge.stderr).toContain("raw cannot be listed and is left alone");
    expect(purge.stderr).toContain("allow s3:ListBucketVersions");
    expect(server.versionsOf(first)).toHaveLength(1);
  });

  it("verifies that nothing hidden is left of what was destroyed", async () => {
    const first = rawOf("2026-02-01");
    expect((await run(due, "retention", "run")).status).toBe(exitCode.ok);
    await beginUpload(first);
    const audit = await run(due, "verify");
    expect(audit.status).toBe(exitCode.integrity);
    expect(audit.stdout).toContain("is recorded as destroyed and is there, or an older version of it");
  });

  it("says how much the bucket keeps beside what it lists, which is not serious", async () => {
    await beginUpload(rawOf("2026-02-03"));
    const audit = await run("2026-02-04", "verify");
    expect(audit.status).toBe(exitCode.partial);
    expect(audit.stdout).toContain("raw: the store keeps 1 unfinished upload that no listing shows");
    expect(audit.stderr).toContain("the store keeps more than it lists");
  });

  it("does not say that all is well to who may not look for versions", async () => {
    server.may = (operation) => operation !== "ListObjectVersions" && operation !== "ListMultipartUploads";
    const audit = await run("2026-02-04", "verify");
    expect(audit.status, audit.stderr).toBe(exitCode.partial);
    expect(audit.stdout).toMatch(/^! raw: not all was looked at: .*s3:ListBucketVersions/m);
    expect(audit.stdout).not.toContain("nothing else is");
    expect(audit.stderr).toContain("nobody knows whether something destroyed is still kept");
  });
});
