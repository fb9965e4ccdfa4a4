import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ObjectStore } from "../../src/store/object-store.ts";
import type { Patience } from "../../src/store/s3/s3-place.ts";
import { openS3Store } from "../../src/store/s3-store.ts";
import { listHidden } from "../support/list-hidden.ts";
import { listKeys } from "../support/list-keys.ts";
import type { S3Operation } from "../support/s3-answer.ts";
import { type S3Fault, type S3Server, startS3Server } from "../support/s3-server.ts";

const patience = { attemptMs: 10_000, budgetMs: 10_000, firstDelayMs: 5 };
const impatience = { attemptMs: 10_000, budgetMs: 250, firstDelayMs: 5 };
const body = Uint8Array.of(1, 2, 3);

const slowDown: S3Fault = { kind: "error", status: 503, code: "SlowDown" };

let server: S3Server;
let store: ObjectStore;

beforeEach(async () => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI");
  server = await startS3Server();
  store = await openWith(patience);
});
afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  await server.close();
});

function openWith(patienceOfTest: Patience): Promise<ObjectStore> {
  const settings = { region: "us-east-1", forcePathStyle: true, endpoint: server.endpoint };
  return openS3Store({ bucket: "logs", prefix: "host" }, settings, patienceOfTest);
}

function times(count: number, fault: S3Fault): readonly S3Fault[] {
  return Array.from({ length: count }, () => fault);
}

/** Deletes as somebody does who knows nothing of versions. */
async function hide(key: string): Promise<void> {
  await fetch(`${server.endpoint}/logs/host/${key}`, { method: "DELETE" });
}

async function beginUpload(key: string): Promise<void> {
  await fetch(`${server.endpoint}/logs/host/${key}?uploads`, { method: "POST" });
}

function deny(...operations: readonly S3Operation[]): void {
  server.may = (operation) => !operations.includes(operation);
}

function namesTried(wanted: S3Operation): number {
  const tried = server.requests.filter(({ operation }) => operation === wanted);
  return new Set(tried.map(({ name }) => name)).size;
}

function versionsLeft(key: string): number {
  return server.versionsOf(`logs/host/${key}`).length;
}

describe("the S3 store's remove, in a bucket that never kept versions", () => {
  it("asks once whether it does, once for uploads, and sends keys by the thousand", async () => {
    const keys = Array.from({ length: 2500 }, (_, index) => `dt=2026-11-22/${index}`);
    for (const key of keys) server.objects.set(`logs/host/${key}`, Buffer.alloc(0));
    expect(await store.remove(keys)).toEqual([]);
    expect(server.objects.size).toBe(0);
    const deletes = ["DeleteObjects", "DeleteObjects", "DeleteObjects"];
    expect(server.operations).toEqual(["GetBucketVersioning", "ListMultipartUploads", ...deletes]);
    await store.remove(["dt=2026-11-22/more"]);
    expect(server.operations.slice(5)).toEqual(["ListMultipartUploads", "DeleteObjects"]);
  });

  it.each([
    [400, "MissingContentMD5"],
    [501, "NotImplemented"],
    [405, "MethodNotAllowed"],
  ])("goes one by one when a batch is refused with %i %s", async (status, code) => {
    const keys = ["a", "b", "c", "never-there"];
    for (const key of keys.slice(0, 3)) await store.create(key, body);
    server.undeletable.set("logs/host/b", "AccessDenied");
    server.inject("DeleteObjects", ...times(9, { kind: "error", status, code }));
    const failures = await store.remove(keys);
    expect(failures).toEqual([{ key: "b", message: expect.stringContaining("AccessDenied") }]);
    expect([...server.objects.keys()]).toEqual(["logs/host/b"]);
  });

  it("tries keys again that a busy server left out", async () => {
    for (const key of ["a", "b"]) await store.create(key, body);
    server.undeletable.set("logs/host/a", "SlowDown");
    expect(await store.remove(["a", "b"])).toEqual([]);
    expect(server.objects.size).toBe(0);
  });

  it("does not believe an answer that says nothing of a key", async () => {
    for (const key of ["a", "b"]) await store.create(key, body);
    const mute = Buffer.from("<DeleteResult><Deleted><Key>host/a</Key></Deleted></DeleteResult>");
    server.inject("DeleteObjects", { kind: "change", change: () => ({ status: 200, body: mute }) });
    await store.remove(["a", "b"]);
    expect(server.operations.slice(-2)).toEqual(["DeleteObjects", "DeleteObject"]);
    expect(server.requests.at(-1)?.name).toBe("logs/host/b");
  });

  it("returns every key untried once the server does not answer", async () => {
    store = await openWith(impatience);
    const keys = Array.from({ length: 3000 }, (_, index) => `${index}`);
    server.inject("DeleteObjects", ...times(100, slowDown));
    const failures = await store.remove(keys);
    expect(failures.map(({ key }) => key)).toEqual(keys);
    expect(failures[0]?.message).toContain("too busy");
  });

  it("gives up single deletes, too, once the server does not answer", async () => {
    store = await openWith(impatience);
    const keys = Array.from({ length: 50 }, (_, index) => `${index}`);
    server.inject("DeleteObjects", { kind: "error", status: 501, code: "NotImplemented" });
    server.inject("DeleteObject", ...times(10_000, slowDown));
    const failures = await store.remove(keys);
    expect(failures.map(({ key }) => key)).toEqual(keys);
    expect(namesTried("DeleteObject")).toBe(8);
  });

  it("removes nothing when it cannot even look", async () => {
    await store.create("a", body);
    store = await openWith(impatience);
    server.inject("ListMultipartUploads", ...times(1000, slowDown));
    expect(await store.remove(["a"])).toEqual([{ key: "a", message: expect.stringContaining("too busy") }]);
    expect(await listKeys(store)).toEqual(["a"]);
  });

  it("notices by the answer that versioning was switched on meanwhile", async () => {
    for (const key of ["a", "b"]) await store.create(key, body);
    await store.remove(["b"]);
    server.versioning.set("logs", "Enabled");
    expect(await store.remove(["a", "b"])).toEqual([]);
    expect(versionsLeft("a") + versionsLeft("b")).toBe(0);
  });

  it("asks again after some minutes whether the bucket keeps versions", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    await store.remove(["a"]);
    vi.advanceTimersByTime(60_000);
    await store.remove(["a"]);
    expect(server.operations.filter((name) => name === "GetBucketVersioning")).toHaveLength(1);
    vi.advanceTimersByTime(5 * 60_000);
    await store.remove(["a"]);
    expect(server.operations.filter((name) => name === "GetBucketVersioning")).toHaveLength(2);
  });

  it.each([
    [501, "NotImplemented"],
    [405, "MethodNotAllowed"],
  ])("works on a server that answers questions for versions and uploads with %i %s", async (status, code) => {
    await store.create("a", body);
    const fault: S3Fault = { kind: "error", status, code };
    for (const operation of ["GetBucketVersioning", "ListMultipartUploads"] as const) {
      server.inject(operation, fault);
    }
    expect(await store.remove(["a"])).toEqual([]);
    expect(server.objects.size).toBe(0);
  });
});

describe("the S3 store's remove, in a bucket that keeps versions", () => {
  beforeEach(async () => {
    server.versioning.set("logs", "Enabled");
    for (let version = 0; version < 3; version++) {
      await store.create("dt=1/a", body);
      await hide("dt=1/a");
    }
    for (const key of ["dt=1/a", "dt=1/ab", "dt=2/b"]) await store.create(key, body);
  });

  it("removes all versions and markers of the keys, and of no others", async () => {
    await hide("dt=1/ab");
    expect(await store.remove(["dt=1/a", "dt=2/b", "never/there"])).toEqual([]);
    expect([versionsLeft("dt=1/a"), versionsLeft("dt=2/b")]).toEqual([0, 0]);
    expect(versionsLeft("dt=1/ab")).toBe(2);
    expect(server.versionsOf("logs/host/never/there")).toEqual([]);
  });

  it("removes them also when versioning is suspended", async () => {
    server.versioning.set("logs", "Suspended");
    await hide("dt=2/b");
    await store.create("dt=2/c", body);
    expect(await store.remove(["dt=1/a", "dt=2/b", "dt=2/c"])).toEqual([]);
    expect(await listHidden(store)).toEqual([]);
    expect(await listKeys(store)).toEqual(["dt=1/ab"]);
  });

  it("removes them over many pages of versions and several batches", async () => {
    const keys = Array.from({ length: 700 }, (_, index) => `dt=3/${index}`);
    for (let first = 0; first < keys.length; first += 50) {
      await Promise.all(
        keys.slice(first, first + 50).map(async (key) => {
          await store.create(key, body);
          await hide(key);
        }),
      );
    }
    expect(await store.remove(keys)).toEqual([]);
    expect(await listHidden(store, "dt=3/")).toEqual([]);
    expect(server.operations.filter((name) => name === "DeleteObjects")).toHaveLength(6);
  });

  it("goes one by one, version by version, when batches are refused", async () => {
    server.inject("DeleteObjects", ...times(9, { kind: "error", status: 501, code: "NotImplemented" }));
    expect(await store.remove(["dt=1/a"])).toEqual([]);
    expect(versionsLeft("dt=1/a")).toBe(0);
  });

  it("takes one failing version for a failure of its key, and removes the others", async () => {
    const [{ versionId } = { versionId: "" }] = server.versionsOf("logs/host/dt=1/a").slice(-1);
    server.may = (operation, _name, query) =>
      operation !== "DeleteObjects" || query.get("versionId") !== versionId;
    const failures = await store.remove(["dt=1/a", "dt=2/b"]);
    expect(failures).toEqual([{ key: "dt=1/a", message: expect.stringContaining("s3:DeleteObjectVersion") }]);
    expect([versionsLeft("dt=1/a"), versionsLeft("dt=2/b")]).toEqual([1, 0]);
  });

  it("says until when object lock keeps each version", async () => {
    const keys = Array.from({ length: 20 }, (_, index) => `dt=3/${100 + index}`);
    for (const key of keys) {
      await store.create(key, body);
      const [{ versionId } = { versionId: "" }] = server.versionsOf(`logs/host/${key}`);
      server.locks.set(`logs/host/${key}?versionId=${versionId}`, "2027-01-01T00:00:00.000Z");
    }
    const message = expect.stringContaining("is locked until 2027-01-01T00:00:00.000Z");
    expect(await store.remove(keys)).toEqual(keys.map((key) => ({ key, message })));
    expect(await listKeys(store, "dt=3/")).toEqual(keys);
  });

  it("asks no more for locks once the server does not tell", async () => {
    const keys = Array.from({ length: 20 }, (_, index) => `dt=3/${100 + index}`);
    for (const key of keys) await store.create(key, body);
    deny("DeleteObjects", "GetObjectRetention");
    const message = expect.stringContaining("s3:DeleteObjectVersion");
    expect(await store.remove(keys)).toEqual(keys.map((key) => ({ key, message })));
    expect(server.operations.filter((name) => name === "GetObjectRetention").length).toBeLessThan(20);
  });

  it("waits for a listing that lags behind rather than call removed what remains", async () => {
    server.listsBehindMs = 300;
    expect(await store.remove(["dt=1/a"])).toEqual([]);
    expect(versionsLeft("dt=1/a")).toBe(0);
  });

  it("calls a key remaining whose versions are listed for as long as it tries", async () => {
    store = await openWith(impatience);
    server.listsBehindMs = 60_000;
    expect(await store.remove(["dt=2/b"])).toEqual([
      { key: "dt=2/b", message: expect.stringContaining("still listed") },
    ]);
  });

  it("removes nothing, and says what to allow, when it may not list versions", async () => {
    deny("ListObjectVersions");
    expect(await store.remove(["dt=1/a", "dt=2/b"])).toEqual([
      { key: "dt=1/a", message: expect.stringMatching(/which versions.*allow s3:ListBucketVersions/) },
      { key: "dt=2/b", message: expect.stringContaining("s3:ListBucketVersions") },
    ]);
    expect(versionsLeft("dt=1/a")).toBe(7);
  });

  it("removes nothing when it cannot be found out at all whether there are versions", async () => {
    deny("ListObjectVersions", "GetBucketVersioning");
    expect(await store.remove(["dt=2/b"])).toEqual([
      {
        key: "dt=2/b",
        message: expect.stringMatching(/whether.*s3:GetBucketVersioning and s3:ListBucketVersions/),
      },
    ]);
    expect(versionsLeft("dt=2/b")).toBe(1);
  });

  it("does without leave to ask for the bucket's versioning when it may list versions", async () => {
    deny("GetBucketVersioning");
    expect(await store.remove(["dt=1/a"])).toEqual([]);
    expect(versionsLeft("dt=1/a")).toBe(0);
  });
});

describe("the S3 store's remove, where uploads were never finished", () => {
  beforeEach(async () => {
    await store.create("dt=1/a", body);
    for (const key of ["dt=1/a", "dt=1/a", "dt=1/ab", "dt=1/b"]) await beginUpload(key);
  });

  it("aborts those of the keys, also where no object is, and no others", async () => {
    expect(await store.remove(["dt=1/a", "dt=1/b"])).toEqual([]);
    expect([...server.uploads.values()].map(({ name }) => name)).toEqual(["logs/host/dt=1/ab"]);
  });

  it("takes one that ended meanwhile for removed", async () => {
    server.inject("AbortMultipartUpload", { kind: "error", status: 404, code: "NoSuchUpload" });
    expect(await store.remove(["dt=1/b"])).toEqual([]);
  });

  it("says what to allow when it may not abort, and removes the object all the same", async () => {
    deny("AbortMultipartUpload");
    expect(await store.remove(["dt=1/a"])).toEqual([
      { key: "dt=1/a", message: expect.stringContaining("s3:AbortMultipartUpload") },
    ]);
    expect(await listKeys(store)).toEqual([]);
  });

  it("gives up once the server does not answer, and returns the others untried", async () => {
    const keys = Array.from({ length: 30 }, (_, index) => `dt=2/${index}`);
    for (const key of keys) await beginUpload(key);
    store = await openWith(impatience);
    server.inject("AbortMultipartUpload", ...times(10_000, slowDown));
    expect((await store.remove(keys)).map(({ key }) => key)).toEqual(keys);
    expect(namesTried("AbortMultipartUpload")).toBe(8);
  });

  it("removes nothing, and says what to allow, when it may not list uploads", async () => {
    deny("ListMultipartUploads");
    expect(await store.remove(["dt=1/a"])).toEqual([
      { key: "dt=1/a", message: expect.stringContaining("s3:ListBucketMultipartUploads") },
    ]);
    expect(await listKeys(store)).toEqual(["dt=1/a"]);
  });
});
