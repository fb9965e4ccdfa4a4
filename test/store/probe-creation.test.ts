import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";
import { AccessDeniedError, type Creation, type ObjectStore } from "../../src/store/object-store.ts";
import {
  probeCreation,
  probeCreationDaily,
  probedPlaceOf,
  probeKeyOf,
  raceCreations,
} from "../../src/store/probe-creation.ts";
import { openS3Store } from "../../src/store/s3-store.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const nowMs = Date.UTC(2026, 10, 22);
const key = probeKeyOf("web-1", "ingest", nowMs);
const unsafe = { exitCode: exitCode.config, message: expect.stringContaining("hostlog doctor") };

async function openBucket(): Promise<{ readonly server: S3Server; readonly store: ObjectStore }> {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  const server = await startS3Server();
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await server.close();
  });
  const settings = { endpoint: server.endpoint, region: "us-east-1", forcePathStyle: true };
  const patience = { attemptMs: 5_000, budgetMs: 5_000, firstDelayMs: 1 };
  return { server, store: await openS3Store({ bucket: "logs", prefix: "ledger" }, settings, patience) };
}

describe("probeCreation", () => {
  it("is content with a server of which one creation wins, and again with what that left", async () => {
    const { server, store } = await openBucket();
    await probeCreation(store, key);
    await probeCreation(store, key);
    expect([...server.objects.keys()]).toEqual(["logs/ledger/manifests/web-1/probe-2026-11"]);
  });

  it("refuses one of which several win, whether they come at once or one after the other", async () => {
    const racy = await openBucket();
    racy.server.isCreateRacy = true;
    await expect(probeCreation(racy.store, key)).rejects.toMatchObject(unsafe);

    const heedless = await openBucket();
    heedless.server.ignoresConditions = true;
    await expect(probeCreation(heedless.store, key)).rejects.toMatchObject(unsafe);
    await expect(probeCreation(heedless.store, key)).rejects.toMatchObject(unsafe);
  });

  it("counts a creation whose answer got lost once", async () => {
    const { server, store } = await openBucket();
    server.inject("PutObject", { kind: "lost-response" });
    expect(await raceCreations(store, key, 4)).toMatchObject({ created: 1, isKept: true });
  });

  it("holds nothing against a store of which these credentials may not read", async () => {
    const outcomes: Creation[] = ["uncertain", "exists", "exists", "exists", "exists"];
    const store: ObjectStore = {
      ...createMemoryStore("memory:ledger"),
      create: async () => outcomes.shift() ?? "exists",
      read: () => Promise.reject(new AccessDeniedError("denied", exitCode.config)),
    };
    await probeCreation(store, key);
    expect(outcomes).toHaveLength(1);
  });

  it("refuses a store that holds something else than what it created", async () => {
    const memory = createMemoryStore("memory:ledger");
    const store: ObjectStore = { ...memory, read: async () => new Uint8Array(16) };
    await expect(probeCreation(store, key)).rejects.toMatchObject(unsafe);
  });

  it("refuses a store that creates a second time", async () => {
    let creations = 0;
    const memory = createMemoryStore("memory:ledger");
    const store: ObjectStore = {
      ...memory,
      create: async (name, body) => (++creations > 4 ? "created" : memory.create(name, body)),
    };
    await expect(probeCreation(store, key)).rejects.toMatchObject(unsafe);
  });
});

describe("probeKeyOf", () => {
  it("is one key for each month and each who probes", () => {
    expect(probeKeyOf("web-1", "ingest", Date.UTC(2026, 10, 30, 23, 59))).toBe(key);
    expect(probeKeyOf("web-1", "ingest", Date.UTC(2026, 11, 1))).toBe("manifests/web-1/probe-2026-12");
    expect(probeKeyOf("web-1", "doctor", nowMs)).toBe("manifests/web-1/doctor-2026-11");
  });

  it("lets a bucket be found out that became unsafe after it was found sound", async () => {
    const { server, store } = await openBucket();
    await probeCreation(store, key);
    server.isCreateRacy = true;
    await probeCreation(store, key);
    await expect(probeCreation(store, "manifests/web-1/probe-2026-12")).rejects.toMatchObject(unsafe);
  });
});

describe("probedPlaceOf", () => {
  const url = "s3://logs/ledger";
  const variables = {
    AWS_ENDPOINT_URL: "https://any.example.org",
    AWS_ENDPOINT_URL_S3: "https://s3.example.org",
  };

  it.each([
    ["the config", "https://own.example.org", variables, "https://own.example.org s3://logs/ledger"],
    ["the variable for S3", undefined, variables, "https://s3.example.org s3://logs/ledger"],
    [
      "the variable for all services",
      undefined,
      { AWS_ENDPOINT_URL: "https://any.example.org" },
      "https://any.example.org s3://logs/ledger",
    ],
    ["nobody", undefined, {}, " s3://logs/ledger"],
  ])("names the server as %s does", (_who, endpoint, environment, place) => {
    expect(probedPlaceOf(url, endpoint, environment)).toBe(place);
  });
});

describe("probeCreationDaily", () => {
  const place = "https://s3.example.org s3://logs/ledger";
  let notePath: string;
  let creations: number;
  let store: ObjectStore;

  beforeEach(async () => {
    notePath = join(await temporaryFolder(), "state", "creation-probe.json");
    creations = 0;
    const memory = createMemoryStore("memory:ledger");
    store = {
      ...memory,
      create(name, body) {
        creations++;
        return memory.create(name, body);
      },
    };
  });

  const isProbed = async (at: { readonly place: string; readonly nowMs: number }): Promise<boolean> => {
    const before = creations;
    await probeCreationDaily(store, key, notePath, at);
    return creations > before;
  };

  it("probes once a day, and anew when the place or the clock has changed", async () => {
    expect(await isProbed({ place, nowMs })).toBe(true);
    expect(await isProbed({ place, nowMs })).toBe(false);
    expect(await isProbed({ place, nowMs: nowMs + 86_399_999 })).toBe(false);
    expect(await isProbed({ place: `${place}2`, nowMs })).toBe(true);
    expect(await isProbed({ place: `${place}2`, nowMs: nowMs + 86_400_000 })).toBe(true);
    expect(await isProbed({ place: `${place}2`, nowMs: nowMs - 1 })).toBe(true);
  });

  it.each([
    ["nothing", ""],
    ["half of it", '{"version":1,"pla'],
    ["null", "null"],
    ["another version", JSON.stringify({ version: 2, place, probed_at: "2026-11-22T00:00:00.000Z" })],
    ["no time", JSON.stringify({ version: 1, place })],
    ["no date", JSON.stringify({ version: 1, place, probed_at: "yesterday" })],
  ])("probes again when the note holds %s", async (_name, text) => {
    await mkdir(join(notePath, ".."));
    await writeFile(notePath, text);
    expect(await isProbed({ place, nowMs })).toBe(true);
    expect(JSON.parse(await readFile(notePath, "utf8"))).toMatchObject({ version: 1, place });
  });

  it("goes on to refuse a place that is unsafe, until it has been mended", async () => {
    const { server, store: bucket } = await openBucket();
    const probe = (): Promise<void> => probeCreationDaily(bucket, key, notePath, { place, nowMs });
    server.isCreateRacy = true;
    await expect(probe()).rejects.toMatchObject(unsafe);
    await expect(probe()).rejects.toMatchObject(unsafe);
    server.isCreateRacy = false;
    await probe();
    expect(JSON.parse(await readFile(notePath, "utf8"))).not.toHaveProperty("is_unsafe");
    expect(server.objects.size).toBe(3);
  });

  it("notes nothing of a place that did not answer", async () => {
    const away: ObjectStore = {
      ...store,
      create: () => Promise.reject(new UserError("away", exitCode.tryAgain)),
    };
    await expect(probeCreationDaily(away, key, notePath, { place, nowMs })).rejects.toThrow("away");
    await expect(readFile(notePath)).rejects.toThrow("ENOENT");
  });
});
