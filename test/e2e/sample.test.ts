import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Finished, runHostlog } from "../support/run-hostlog.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const now = ["--now", "2026-11-22T16:21:44Z"];

describe("hostlog sample", { timeout: 60_000 }, () => {
  it("writes logs and a config with which a break-in can be looked into", async () => {
    const folder = await temporaryFolder();
    const environment = { HOSTLOG_CONFIG: join(folder, "tryout", "hostlog.yaml") };
    const run = (...args: readonly string[]): Promise<Finished> =>
      runHostlog([...args, ...now], { directory: folder, environment });

    expect(await run("sample", "tryout")).toMatchObject({ status: 0, stderr: "" });
    const ingested = await run("ingest", "tryout/logs/*", "--output", "json");
    const account = JSON.parse(ingested.stdout) as { lines: number; stored: number };
    expect(account).toMatchObject({ refused: 1, quarantined: { shape: 2, future: 1 } });
    expect(account.stored).toBe(account.lines - 4);

    const question =
      "query --since 4d --path /backup.zip --status 2xx --output csv --columns domain,client,status";
    const backup = await run(...question.split(" "));
    expect(backup.stdout.split("\n")).toEqual([
      "domain,client,status",
      "blog.example.net,2001:db8:bad:1::66,200",
      "blog.example.net,2001:db8:bad:2::7,206",
      "",
    ]);
  });

  it("replaces nothing that is there", async () => {
    const folder = await temporaryFolder();
    await runHostlog(["sample", "tryout"], { directory: folder });
    const again = await runHostlog(["sample", "tryout"], { directory: folder });
    expect(again).toMatchObject({ status: 64, stdout: "" });
    expect(again.stderr).toContain("is there already");
  });

  it("refuses an instant that is none", async () => {
    const folder = await temporaryFolder();
    const refused = await runHostlog(["sample", "tryout", "--now", "tomorrow"], { directory: folder });
    expect(refused).toMatchObject({ status: 64, stderr: expect.stringContaining("is no instant") as string });
  });
});
