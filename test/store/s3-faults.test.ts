import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import type { Patience } from "../../src/store/s3/s3-place.ts";
import { openS3Store } from "../../src/store/s3-store.ts";
import { listKeys } from "../support/list-keys.ts";
import type { S3Answer } from "../support/s3-answer.ts";
import { type S3Fault, type S3Server, startS3Server } from "../support/s3-server.ts";

const settings = { region: "us-east-1", forcePathStyle: true };
const patience = { attemptMs: 10_000, budgetMs: 10_000, firstDelayMs: 5 };
/** For what takes too long: an honest answer takes less, even on a busy machine. */
const hurry = { ...patience, attemptMs: 500 };
const impatience = { attemptMs: 100, budgetMs: 250, firstDelayMs: 5 };
const root = { bucket: "logs", prefix: "host" };
const body = Uint8Array.from({ length: 4000 }, (_, index) => index & 0xff);

const slowDown: S3Fault = { kind: "error", status: 503, code: "SlowDown" };
const internalError: S3Fault = { kind: "error", status: 500, code: "InternalError" };
const badGateway: S3Fault = { kind: "error", status: 502, code: "" };
const conflict: S3Fault = { kind: "error", status: 409, code: "ConditionalRequestConflict" };
const passingFaults: readonly [string, S3Fault][] = [
  ["503 SlowDown", slowDown],
  ["500 InternalError", internalError],
  ["502 of a proxy", badGateway],
  ["409 of a race", conflict],
  ["a connection that ends", { kind: "reset" }],
];

let server: S3Server;
let store: ObjectStore;

beforeEach(async () => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI");
  server = await startS3Server();
  store = await openWith(patience);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

function openWith(patienceOfTest: Patience): Promise<ObjectStore> {
  return openS3Store(root, { ...settings, endpoint: server.endpoint }, patienceOfTest);
}

function times(count: number, fault: S3Fault): readonly S3Fault[] {
  return Array.from({ length: count }, () => fault);
}

describe("the S3 store, when trouble passes", () => {
  it.each(passingFaults)("creates after %s", async (_, fault) => {
    server.inject("PutObject", fault, fault);
    expect(await store.create("a", body)).toBe("created");
    expect(server.objects.get("logs/host/a")).toEqual(Buffer.from(body));
    expect(server.operations).toEqual(["PutObject", "PutObject", "PutObject"]);
  });

  it.each(passingFaults)("reads after %s", async (_, fault) => {
    await store.create("a", body);
    server.inject("GetObject", fault, fault);
    expect(await store.read("a")).toEqual(body);
  });

  it.each(passingFaults)("lists on after %s in the middle", async (_, fault) => {
    for (let index = 0; index < 250; index++)
      server.objects.set(`logs/host/${1000 + index}`, Buffer.alloc(0));
    const listing = store.list("")[Symbol.asyncIterator]();
    const first = await listing.next();
    server.inject("ListObjectsV2", fault, fault);
    const keys = [first.value?.key];
    for (let next = await listing.next(); next.done !== true; next = await listing.next())
      keys.push(next.value.key);
    expect(keys).toEqual(Array.from({ length: 250 }, (__, index) => `${1000 + index}`));
  });

  it.each(passingFaults)("removes after %s", async (_, fault) => {
    await store.create("a", body);
    server.inject("DeleteObjects", fault, fault);
    expect(await store.remove(["a"])).toEqual([]);
    expect(server.objects.size).toBe(0);
  });

  it("asks again when there is no answer", async () => {
    store = await openWith(hurry);
    for (const operation of ["PutObject", "GetObject", "ListObjectsV2", "DeleteObjects"] as const) {
      server.inject(operation, { kind: "stall" });
    }
    expect(await store.create("a", body)).toBe("created");
    expect(await store.read("a")).toEqual(body);
    expect(await listKeys(store)).toEqual(["a"]);
    expect(await store.remove(["a"])).toEqual([]);
  });

  it("reads again when the body breaks off", async () => {
    await store.create("a", body);
    server.inject("GetObject", { kind: "half-body" }, { kind: "half-body" });
    expect(await store.read("a")).toEqual(body);
    server.inject("GetObject", { kind: "half-body" });
    expect(await store.read("a", { start: 10, end: 3000 })).toEqual(body.slice(10, 3000));
  });

  it("reads again when the body comes byte by byte", async () => {
    await store.create("a", body);
    store = await openWith(hurry);
    server.inject("GetObject", { kind: "drip" });
    expect(await store.read("a")).toEqual(body);
    expect(server.operations).toEqual(["PutObject", "GetObject", "GetObject"]);
  });

  it("says exists when the answer to its own put got lost, and the object is whole", async () => {
    server.inject("PutObject", { kind: "lost-response" });
    expect(await store.create("a", body)).toBe("exists");
    expect(await store.read("a")).toEqual(body);
  });

  it("takes a removal whose answer got lost for done", async () => {
    await store.create("a", body);
    server.inject("DeleteObjects", { kind: "lost-response" });
    expect(await store.remove(["a"])).toEqual([]);
  });

  it("sends again what arrived damaged", async () => {
    server.inject("PutObject", { kind: "error", status: 400, code: "BadDigest" });
    expect(await store.create("a", body)).toBe("created");
  });
});

describe("the S3 store, when trouble stays", () => {
  beforeEach(async () => {
    store = await openWith(impatience);
  });

  it.each([...passingFaults, ["no answer", { kind: "stall" }] as const])(
    "gives up within its budget after %s, and says to try again",
    async (_, fault) => {
      server.inject("PutObject", ...times(100, fault));
      const startedMs = performance.now();
      await expect(store.create("a", body)).rejects.toMatchObject({
        name: "UserError",
        exitCode: exitCode.tryAgain,
        message: expect.stringContaining("s3://logs/host: "),
      });
      expect(performance.now() - startedMs).toBeLessThan(impatience.budgetMs + impatience.attemptMs + 1000);
      expect(server.operations.length).toBeGreaterThan(1);
    },
  );

  it("says so when nobody listens", async () => {
    await server.close();
    await expect(store.create("a", body)).rejects.toMatchObject({
      exitCode: exitCode.tryAgain,
      message: expect.stringMatching(/does not answer in time; check the network.*ECONNREFUSED/),
    });
    server = await startS3Server();
  });

  it.each([
    [403, "AccessDenied", /denies it; check that the credentials/],
    [403, "InvalidAccessKeyId", /denies it/],
    [403, "SignatureDoesNotMatch", /denies it/],
    [400, "ExpiredToken", /have not expired/],
    [404, "NoSuchBucket", /no such bucket; create it/],
    [301, "PermanentRedirect", /another region; set s3.region/],
    [400, "AuthorizationHeaderMalformed", /another region/],
    [501, "NotImplemented", /cannot do this/],
    [418, "Teapot", /refuses the request/],
  ])("asks at once for another config after %i %s", async (status, code, message) => {
    for (const operation of ["PutObject", "GetObject", "ListObjectsV2"] as const) {
      server.inject(operation, { kind: "error", status, code });
    }
    const expected = {
      name: "UserError",
      exitCode: exitCode.config,
      message: expect.stringMatching(message),
    };
    await expect(store.create("a", body)).rejects.toMatchObject(expected);
    await expect(store.read("a")).rejects.toMatchObject(expected);
    await expect(listKeys(store)).rejects.toMatchObject(expected);
    expect(server.operations).toHaveLength(3);
  });

  it("says that the store is full", async () => {
    server.inject("PutObject", { kind: "error", status: 403, code: "QuotaExceeded" });
    await expect(store.create("a", body)).rejects.toMatchObject({
      exitCode: exitCode.tryAgain,
      message: expect.stringContaining("full"),
    });
  });

  it("never shows credentials", async () => {
    server.inject("PutObject", { kind: "error", status: 403, code: "SignatureDoesNotMatch" });
    const error: unknown = await store.create("a", body).catch((thrown: unknown) => thrown);
    expect(String(error)).not.toMatch(/AKIDEXAMPLE|wJalrXUtnFEMI/);
  });
});

describe("the S3 store, when a server tells what is not so", () => {
  const changed = (change: (answer: S3Answer) => S3Answer): S3Fault => ({ kind: "change", change });

  it("reports an object that was stored with other bytes", async () => {
    const other = createHash("sha256").update("other").digest("base64");
    server.inject(
      "PutObject",
      changed((answer) => ({ ...answer, headers: { "x-amz-checksum-sha256": other } })),
    );
    await expect(store.create("a", body)).rejects.toMatchObject({ exitCode: exitCode.integrity });
  });

  it("asks for no checksum but the SHA-256 that it sends, since other servers know none", async () => {
    await store.create("a", body);
    await store.read("a");
    expect([...server.headerNames].filter((name) => /checksum|trailer/.test(name)).toSorted()).toEqual([
      "x-amz-checksum-sha256",
      "x-amz-sdk-checksum-algorithm",
    ]);
  });

  it("takes a server that knows no checksums", async () => {
    server.inject(
      "PutObject",
      changed((answer) => ({ ...answer, headers: {} })),
    );
    expect(await store.create("a", body)).toBe("created");
  });

  it("does without start-after", async () => {
    for (const key of ["a", "b", "c"]) await store.create(key, body);
    const all = await rawListing();
    server.inject(
      "ListObjectsV2",
      changed(() => all),
    );
    expect(await listKeys(store, "", "a")).toEqual(["b", "c"]);
  });

  it("refuses a listing that is in no order or breaks off, rather than miss an object", async () => {
    for (const key of ["a", "b"]) await store.create(key, body);
    const { status, body: xml } = await rawListing();
    const text = xml.toString();
    const swapped = text.replace("host/a", "host/x");
    const cut = text.replace("<IsTruncated>false", "<IsTruncated>true");
    for (const page of [swapped, cut]) {
      server.inject(
        "ListObjectsV2",
        changed(() => ({ status, body: Buffer.from(page) })),
      );
      await expect(listKeys(store)).rejects.toMatchObject({ exitCode: exitCode.config });
    }
  });

  it("refuses a server that ignores ranges", async () => {
    await store.create("a", body);
    server.inject(
      "GetObject",
      changed(() => ({ status: 200, body: Buffer.from(body) })),
    );
    await expect(store.read("a", { start: 1, end: 2 })).rejects.toMatchObject({ exitCode: exitCode.config });
  });

  it("passes over names that no key can have, and objects beside its prefix", async () => {
    for (const name of ["host/", "host/a b", "host/ä", "host/x\u0001y", "host/100%", "hostile/a", "host/a"]) {
      server.objects.set(`logs/${name}`, Buffer.from(body));
    }
    expect(await listKeys(store)).toEqual(["a"]);
  });

  async function rawListing(): Promise<S3Answer> {
    const response = await fetch(`${server.endpoint}/logs?list-type=2&prefix=host/`);
    return { status: 200, body: Buffer.from(await response.arrayBuffer()) };
  }
});

describe("the S3 store's remove", () => {
  it("sends keys by the thousand", async () => {
    const keys = Array.from({ length: 2500 }, (_, index) => `${index}`);
    for (const key of keys) server.objects.set(`logs/host/${key}`, Buffer.alloc(0));
    expect(await store.remove(keys)).toEqual([]);
    expect(server.objects.size).toBe(0);
    expect(server.operations).toEqual(["DeleteObjects", "DeleteObjects", "DeleteObjects"]);
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
    server.inject("DeleteObject", ...times(1000, slowDown));
    const failures = await store.remove(keys);
    expect(failures.map(({ key }) => key)).toEqual(keys);
  });
});

describe("the S3 store's asFile", () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "hostlog-s3-file-"));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it("leaves no part of a file when the server goes away", async () => {
    await store.create("a", body);
    store = await openWith(impatience);
    server.inject("GetObject", ...times(100, { kind: "half-body" }));
    await expect(store.asFile("a", directory)).rejects.toMatchObject({ exitCode: exitCode.tryAgain });
    expect(await readdir(directory)).toEqual([]);
  });
});
