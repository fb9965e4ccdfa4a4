import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { combinedLine } from "../support/log-lines.ts";
import { runHostlog } from "../support/run-hostlog.ts";
import { startS3Server } from "../support/s3-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

describe("hostlog on an S3 endpoint", () => {
  it("stores, answers, destroys and verifies as on a folder, each root in a bucket of its own", async () => {
    const server = await startS3Server();
    onTestFinished(() => server.close());
    const folder = await temporaryFolder();
    await writeFile(
      join(folder, "hostlog.yaml"),
      [
        "node: web01",
        "classes: { standard: 5d }",
        `s3: { endpoint: "${server.endpoint}", region: us-east-1, force_path_style: true }`,
        `state: ${join(folder, "state")}`,
        "stores:",
        ...["raw", "analytics", "quarantine", "ledger", "published"].map(
          (root) => `  ${root}: s3://bucket-${root}/logs`,
        ),
      ].join("\n"),
    );
    await writeFile(
      join(folder, "access.log"),
      `${[1, 2, 3].map((day) => combinedLine({ ms: Date.UTC(2026, 1, day, 12), client: "203.0.113.66" })).join("\n")}\n`,
    );
    const run = async (now: string, ...args: readonly string[]): Promise<string> => {
      const finished = await runHostlog([...args, "--config", join(folder, "hostlog.yaml"), "--now", now], {
        directory: folder,
        environment: { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" },
      });
      expect(finished.status, finished.stderr).toBe(0);
      return finished.stdout;
    };

    expect(await run("2026-02-04", "init", "--small")).toContain(join(folder, "keys"));
    await run("2026-02-04", "ingest", "--domain", "shop.example.org", join(folder, "access.log"));
    expect(
      (await run("2026-02-04", "query", "--from", "2026-02-01", "--address", "203.0.113.0/24")).split("\n"),
    ).toHaveLength(4);
    await run("2026-02-05", "retention", "run");
    await run("2026-02-08", "retention", "run");
    expect(
      (await run("2026-02-08", "query", "--from", "2026-02-01", "--columns", "time")).split("\n"),
    ).toEqual(['{"time":"2026-02-03T12:00:00.000Z"}', ""]);
    expect(await run("2026-02-08", "verify")).toContain(
      "raw: 3 objects recorded, 2 of them destroyed; 1 in the store",
    );
  }, 60_000);
});
