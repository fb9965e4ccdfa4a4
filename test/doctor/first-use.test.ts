import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { combinedLine } from "../support/log-lines.ts";
import { type Finished, runHostlog } from "../support/run-hostlog.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

interface Ingest {
  readonly server: S3Server;
  readonly stateDirectory: string;
  run(...args: readonly string[]): Promise<Finished>;
}

async function openIngest(more = ""): Promise<Ingest> {
  const server = await startS3Server();
  onTestFinished(() => server.close());
  const folder = await temporaryFolder();
  const stateDirectory = join(folder, "state");
  const config = join(folder, "hostlog.yaml");
  await writeFile(
    config,
    `node: web-1\nseal: none\nstate: ${stateDirectory}\nstore: s3://logs/hosting\ns3: { endpoint: "${server.endpoint}", region: us-east-1, force_path_style: true${more} }\n`,
  );
  await writeFile(join(folder, "access.log"), `${combinedLine({ ms: Date.now() - 3_600_000 })}\n`);
  return {
    server,
    stateDirectory,
    run: (...args) =>
      runHostlog([...args, "--config", config], {
        directory: folder,
        environment: { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" },
      }),
  };
}

const ingest = ["ingest", "--domain", "shop.example.org", "access.log"] as const;

describe("hostlog ingest on an S3 server", () => {
  it("tries at first use whether creations are safe, and not again the same day", async () => {
    const { server, stateDirectory, run } = await openIngest();
    expect((await run(...ingest)).status).toBe(0);
    const probe = /^logs\/hosting\/ledger\/manifests\/web-1\/probe-\d{4}-\d{2}$/;
    const probed = (): number =>
      server.requests.filter(({ operation, name }) => operation === "PutObject" && probe.test(name)).length;
    expect(probed()).toBe(5);
    expect(await readdir(stateDirectory)).toContainEqual(
      expect.stringMatching(/^creation-probe-[0-9a-f-]{36}\.json$/),
    );

    expect((await run(...ingest)).status).toBe(0);
    expect(probed()).toBe(5);
    const verified = await run("verify");
    expect([verified.status, verified.stdout]).toEqual([0, expect.stringContaining("nothing else is")]);
  });

  it("uses a customer's key where full addresses lie, and nowhere else", async () => {
    const keyFile = join(await temporaryFolder(), "s3.key");
    await writeFile(keyFile, `${Buffer.alloc(32, 7).toString("base64")}\n`, { mode: 0o600 });
    const { server, run } = await openIngest(`, encryption: { mode: customer-key, key_file: "${keyFile}" }`);
    expect((await run(...ingest)).status).toBe(0);
    const rootsOf = (isOurs: (hasKey: boolean) => boolean): readonly string[] => {
      const puts = server.requests.filter(
        ({ operation, headers }) =>
          operation === "PutObject" &&
          isOurs(headers["x-amz-server-side-encryption-customer-algorithm"] !== undefined),
      );
      return [...new Set(puts.map(({ name }) => name.split("/")[2] ?? ""))].sort();
    };
    expect(rootsOf((hasKey) => hasKey)).toEqual(["raw"]);
    expect(rootsOf((hasKey) => !hasKey)).toEqual(["analytics", "ledger", "published"]);
    const verified = await run("verify", "--read");
    expect([verified.status, verified.stderr]).toEqual([0, ""]);
  });

  it("stores no line on one where two imports at once could both believe to have committed", async () => {
    const { server, run } = await openIngest();
    server.isCreateRacy = true;
    for (const _ of ["first", "again"]) {
      const { status, stderr } = await run(...ingest);
      expect([status, stderr]).toEqual([78, expect.stringContaining("use a bucket without versioning")]);
    }
    expect([...server.objects.keys()].filter((name) => name.includes("/dt="))).toEqual([]);
  });
});
