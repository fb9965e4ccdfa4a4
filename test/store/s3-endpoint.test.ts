import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { S3Settings } from "../../config/config.ts";
import { exitCode } from "../../src/exit-code.ts";
import { openS3Store } from "../../src/store/s3-store.ts";
import { startS3Server } from "../support/s3-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const root = { bucket: "logs", prefix: "" };
const patience = { attemptMs: 200, budgetMs: 100, firstDelayMs: 5 };
const none: S3Settings = { endpoint: undefined, region: undefined, forcePathStyle: true };

beforeEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) vi.stubEnv(name, undefined);
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  vi.stubEnv("AWS_CONFIG_FILE", "/nonexistent");
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe("openS3Store", () => {
  it.each(["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])("takes the endpoint from %s", async (name) => {
    const server = await startS3Server();
    vi.stubEnv(name, server.endpoint);
    const store = await openS3Store(root, none);
    expect(await store.create("a", Uint8Array.of(1))).toBe("created");
    expect([...server.objects.keys()]).toEqual(["logs/a"]);
    await server.close();
  });

  it("puts a bucket's name with dots into the path: below an address it is no host name", async () => {
    const server = await startS3Server();
    onTestFinished(() => server.close());
    const settings = { endpoint: server.endpoint, region: "us-east-1", forcePathStyle: false };
    const store = await openS3Store({ bucket: "logs.example.org", prefix: "" }, settings);
    expect(await store.create("a", Uint8Array.of(1))).toBe("created");
    expect([...server.objects.keys()]).toEqual(["logs.example.org/a"]);
  });

  it("asks for a region when none is known", async () => {
    await expect(openS3Store(root, none)).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringContaining("set s3.region or AWS_REGION"),
    });
  });

  it.each([
    ["the settings", { ...none, region: "eu-central-1" }, {}],
    ["AWS_REGION", none, { AWS_REGION: "eu-central-1" }],
    ["AWS_DEFAULT_REGION", none, { AWS_DEFAULT_REGION: "eu-central-1" }],
    ["an endpoint of one's own", { ...none, endpoint: "https://s3.example.net" }, {}],
  ])("knows the region by %s", async (_, settings, environment) => {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    await expect(openS3Store(root, settings)).resolves.toMatchObject({ url: "s3://logs" });
  });

  it("asks for credentials when there are none", async () => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", undefined);
    const store = await openS3Store(root, { ...none, endpoint: "http://127.0.0.1:9" }, patience);
    await expect(store.read("a")).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringContaining("no credentials; set AWS_ACCESS_KEY_ID"),
    });
  });

  it.each([
    ["the settings", { ...none, endpoint: "http://192.0.2.1" }, {}],
    ["a variable", none, { AWS_ENDPOINT_URL: "http://s3.example.net:9000" }],
    ["a variable for S3 alone", none, { AWS_ENDPOINT_URL_S3: "http://localhost.example.net" }],
  ])("sends nothing over plain HTTP to another machine named by %s", async (_, settings, environment) => {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    const store = await openS3Store(root, settings, patience);
    const refusal = { exitCode: exitCode.config, message: expect.stringContaining("use https://") };
    await expect(store.create("a", Uint8Array.of(1))).rejects.toMatchObject(refusal);
    await expect(store.read("a")).rejects.toMatchObject(refusal);
  });

  it("sends nothing over plain HTTP to another machine named by a profile", async () => {
    const file = join(await temporaryFolder(), "config");
    await writeFile(file, "[default]\nendpoint_url = http://192.0.2.1\nregion = eu-central-1\n");
    vi.stubEnv("AWS_CONFIG_FILE", file);
    const store = await openS3Store(root, none, patience);
    await expect(store.read("a")).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringContaining("use https://"),
    });
  });

  it("follows no redirect to another machine", async () => {
    const server = await startS3Server();
    const location = "http://192.0.2.1/logs/a";
    server.inject("GetObject", {
      kind: "error",
      status: 307,
      code: "TemporaryRedirect",
      headers: { location },
    });
    const store = await openS3Store(root, { ...none, endpoint: server.endpoint }, patience);
    await expect(store.read("a")).rejects.toMatchObject({ name: "UserError", exitCode: exitCode.config });
    expect(server.operations).toEqual(["GetObject"]);
    await server.close();
  });
});
