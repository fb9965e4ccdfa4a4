import { rm } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import { openS3Store } from "../../src/store/s3-store.ts";
import { type DrillLogs, writeDrillLogs } from "../support/kill-drill.ts";
import { listKeys } from "../support/list-keys.ts";
import { controlServer, createTestBucket, realSettings, type TestBucket } from "../support/real-s3.ts";
import { startImportDrill } from "../support/real-s3-drill.ts";

/** Some batches fit, and one in part: each takes a dozen objects. */
const OBJECTS_MAX = 40;

describe("a bucket that is full", () => {
  let logs: DrillLogs;
  let fresh: TestBucket;

  beforeAll(async () => {
    logs = await writeDrillLogs(4000);
    return () => rm(logs.folder, { recursive: true });
  });

  beforeAll(async () => {
    fresh = await createTestBucket();
    return () => fresh.dispose();
  });

  it("ends an import with the word to make room, and keeps what it could not take for the next run", async () => {
    const place = { bucket: fresh.bucket, prefix: "logs" };
    const drill = await startImportDrill(logs, place);
    await controlServer("quota", fresh.bucket, String(OBJECTS_MAX));

    const full = await drill.ingest();

    expect(full.status, full.stderr).toBe(exitCode.tryAgain);
    expect(full.stderr).toMatch(/is full; free some space or raise the quota, then try again/);
    const stored = await listKeys(await openS3Store(place, realSettings));
    expect(stored.length).toBeGreaterThanOrEqual(OBJECTS_MAX);
    // Puts that were on their way at once may get in together.
    expect(stored.length).toBeLessThan(OBJECTS_MAX + 8);
    expect((await drill.ingest()).status, "as long as it is full").toBe(exitCode.tryAgain);

    await controlServer("quota", fresh.bucket, "off");
    const again = await drill.ingest();
    expect(again.status, again.stderr).toBe(exitCode.ok);
    expect(await drill.findFaults()).toEqual([]);
    await drill.end();
  });
});
