import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { S3Encryption } from "../../config/config.ts";
import { exitCode } from "../../src/exit-code.ts";
import { AccessDeniedError, type ObjectStore, type StoredObject } from "../../src/store/object-store.ts";
import { impatience, smallSizes, useLoopbackServer } from "../support/loopback-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const world = useLoopbackServer();
const body = Uint8Array.from({ length: 900 }, (_, index) => index & 0xff);
const large = Uint8Array.from({ length: 4500 }, (_, index) => (index * 7) & 0xff);

function md5(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}

async function listed(store: ObjectStore, prefix = ""): Promise<readonly StoredObject[]> {
  const objects: StoredObject[] = [];
  for await (const object of store.list(prefix)) objects.push(object);
  return objects;
}

describe("what an S3 listing tells of an object", () => {
  it("is the MD5 of what was put in one piece, and when that was by the server's clock", async () => {
    world.server.clockSkewMs = 600_000;
    const beforeMs = Date.now();
    const store = await world.open({ sizes: smallSizes });
    await store.create("a", body);
    const [object] = await listed(store);
    expect(object).toMatchObject({ key: "a", sizeBytes: 900, md5: md5(body) });
    expect(object?.modifiedMs).toBeGreaterThanOrEqual(beforeMs);
  });

  it("is no MD5 of what was put in parts, whose ETag is another hash", async () => {
    const store = await world.open({ sizes: smallSizes });
    await store.create("a", large);
    expect(world.server.operations).toContain("CompleteMultipartUpload");
    expect(await listed(store)).toMatchObject([{ key: "a", sizeBytes: 4500, md5: undefined }]);
  });

  it.each<readonly [string, () => Promise<S3Encryption>, boolean]>([
    ["the server's own key", async () => ({ kind: "server-key" }), true],
    ["a key service", async () => ({ kind: "kms-key", key: "logs-1" }), false],
    ["a customer's key", customerKey, false],
  ])("is the MD5 only where encryption leaves it in the ETag: %s", async (_, encryption, isTold) => {
    const store = await world.open({ settings: { encryption: await encryption() } });
    await store.create("a", body);
    expect(await listed(store)).toMatchObject([{ key: "a", md5: isTold ? md5(body) : undefined }]);
  });

  it("is nothing where the server says nothing", async () => {
    const store = await world.open();
    await store.create("a", body);
    world.server.inject("ListObjectsV2", {
      kind: "change",
      change: (answer) => ({
        ...answer,
        body: Buffer.from(
          answer.body.toString().replaceAll(/<(?:ETag|LastModified)>.*?<\/(?:ETag|LastModified)>/g, ""),
        ),
      }),
    });
    expect(await listed(store)).toEqual([
      { key: "a", sizeBytes: 900, md5: undefined, modifiedMs: undefined },
    ]);
  });
});

describe("names in a bucket that are no keys", () => {
  it("are shown once each, behind the root, as far as they were wanted", async () => {
    const store = await world.open();
    const foreign = ["a b", "dt=2026-11-22/", "dt=2026-11-22/é.parquet", "x//y", "../z"];
    for (const name of foreign) world.server.objects.set(`logs/host/${name}`, Buffer.alloc(0));
    world.server.objects.set("logs/hostile/a b", Buffer.alloc(0));
    for (let index = 0; index < 250; index++) await putNumber(index);
    const shown = async (prefix: string, startAfter = ""): Promise<readonly string[]> => {
      const names: string[] = [];
      let keys = 0;
      for await (const { key } of store.list(prefix, { startAfter, onForeign: (name) => names.push(name) })) {
        expect(key).toMatch(/^dt=2026-11-22\/\d+$/);
        keys++;
      }
      expect(keys).toBe(250);
      return names.sort();
    };
    expect(await shown("")).toEqual(foreign.toSorted());
    expect(await shown("dt=2026-11-22/")).toEqual(["dt=2026-11-22/", "dt=2026-11-22/é.parquet"]);
    expect(await shown("", "a b")).toEqual(["dt=2026-11-22/", "dt=2026-11-22/é.parquet", "x//y"]);
  });
});

describe("a server that lists more than it was asked for", () => {
  it("is taken for what was asked for only, keys and other names", async () => {
    const store = await world.open();
    const names = ["host/a", "host/b b", "host/bc", "host/c", "hostile/b", "hostile/b b"];
    const contents = names.map((name) => `<Contents><Key>${name}</Key><Size>1</Size></Contents>`);
    world.server.inject("ListObjectsV2", {
      kind: "change",
      change: (answer) => ({
        ...answer,
        body: Buffer.from(
          `<ListBucketResult><IsTruncated>false</IsTruncated>${contents.join("")}</ListBucketResult>`,
        ),
      }),
    });
    const foreign: string[] = [];
    const keys: string[] = [];
    for await (const { key } of store.list("b", { startAfter: "a", onForeign: (name) => foreign.push(name) }))
      keys.push(key);
    expect(keys).toEqual(["bc"]);
    expect(foreign).toEqual(["b b"]);
  });
});

describe("the S3 server's clock", () => {
  it("is what the Date of an answer says, to the second", async () => {
    const store = await world.open();
    for (const skewMs of [0, 400_000, -400_000]) {
      world.server.clockSkewMs = skewMs;
      const beforeMs = Date.now();
      const clockMs = (await store.clockMs()) ?? Number.NaN;
      expect(clockMs).toBeGreaterThan(beforeMs + skewMs - 1001);
      expect(clockMs).toBeLessThanOrEqual(Date.now() + skewMs);
    }
    expect(new Set(world.server.operations)).toEqual(new Set(["ListObjectsV2"]));
  });

  it("is not known where the answer has no Date that can be read", async () => {
    const store = await world.open();
    world.server.inject("ListObjectsV2", {
      kind: "change",
      change: (answer) => ({ ...answer, headers: { ...answer.headers, date: "yesterday" } }),
    });
    expect(await store.clockMs()).toBeUndefined();
  });

  it("is asked for like anything else: a refusal and an outage are said as such", async () => {
    const store = await world.open();
    world.server.may = () => false;
    await expect(store.clockMs()).rejects.toThrow(AccessDeniedError);
    const nobody = await world.open({
      patience: impatience,
      settings: { endpoint: "http://127.0.0.1:9" },
    });
    await expect(nobody.clockMs()).rejects.toMatchObject({ exitCode: exitCode.tryAgain });
  });
});

async function customerKey(): Promise<S3Encryption> {
  const keyFile = join(await temporaryFolder(), "customer.key");
  await writeFile(keyFile, Buffer.alloc(32, 0x5a).toString("base64"), { mode: 0o600 });
  return { kind: "customer-key", keyFile };
}

async function putNumber(index: number): Promise<void> {
  world.server.objects.set(`logs/host/dt=2026-11-22/${1000 + index}`, Buffer.alloc(0));
}
