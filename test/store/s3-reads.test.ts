import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import { AccessDeniedError, ObjectNotFoundError, type ObjectStore } from "../../src/store/object-store.ts";
import { hurry, impatience, smallSizes, useLoopbackServer } from "../support/loopback-store.ts";
import type { S3Answer } from "../support/s3-answer.ts";
import type { S3Fault } from "../support/s3-server.ts";

const world = useLoopbackServer();
const body = Uint8Array.from({ length: 900 }, (_, index) => index & 0xff);
const large = Uint8Array.from({ length: 9500 }, (_, index) => (index * 7 + (index >> 8)) & 0xff);

let directory: string;
let store: ObjectStore;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "hostlog-s3-file-"));
  store = await world.open({ sizes: { ...smallSizes, partsAboveBytes: 1e9, putMaxBytes: 1e9 } });
});
afterEach(() => rm(directory, { recursive: true }));

/** Of every answer one byte is another than was stored. */
function damaged(answer: S3Answer): S3Answer {
  const changed = Buffer.from(answer.body);
  changed[7] = (changed[7] ?? 0) ^ 1;
  return { ...answer, body: changed };
}

function times(count: number, fault: S3Fault): readonly S3Fault[] {
  return Array.from({ length: count }, () => fault);
}

function impatient(): Promise<ObjectStore> {
  return world.open({
    patience: impatience,
    sizes: { ...smallSizes, partsAboveBytes: 1e9, putMaxBytes: 1e9 },
  });
}

describe("read from an S3 store", () => {
  it("reads again when the bytes have not the SHA-256 that the server keeps", async () => {
    await store.create("a", body);
    world.server.inject("GetObject", { kind: "change", change: damaged });
    expect(await store.read("a")).toEqual(body);
    expect(world.server.operations).toEqual(["PutObject", "GetObject", "GetObject"]);
  });

  it("says that they are damaged, time and again", async () => {
    await store.create("a", body);
    store = await impatient();
    world.server.inject("GetObject", ...times(500, { kind: "change", change: damaged }));
    await expect(store.read("a")).rejects.toMatchObject({
      exitCode: exitCode.tryAgain,
      message: expect.stringMatching(
        /^s3:\/\/logs\/host: GetObject a: bytes were changed or lost on the way/,
      ),
    });
  });

  it.each([
    ["more bytes than were announced", 1],
    ["fewer bytes than were announced", -1],
  ])("does not take %s", async (_, more) => {
    await store.create("a", body);
    store = await impatient();
    const change = (answer: S3Answer): S3Answer => ({
      ...answer,
      headers: { ...answer.headers, "content-length": answer.body.length - more },
    });
    world.server.inject("GetObject", ...times(500, { kind: "change", change }));
    await expect(store.read("a")).rejects.toMatchObject({ exitCode: exitCode.tryAgain });
  });

  it("does not take fewer bytes for a range than it asked for", async () => {
    await store.create("a", body);
    const change = (answer: S3Answer): S3Answer => ({ ...answer, body: answer.body.subarray(1) });
    world.server.inject("GetObject", { kind: "change", change });
    expect(await store.read("a", { start: 5, end: 20 })).toEqual(body.slice(5, 20));
    expect(world.server.operations).toEqual(["PutObject", "GetObject", "GetObject"]);
  });

  it("does not take the page of a network that wants a log-in for an object", async () => {
    await store.create("a", body);
    const page = Buffer.from("<html><body>Welcome to this network</body></html>");
    world.server.inject("GetObject", { kind: "change", change: () => ({ status: 200, body: page }) });
    expect(await store.read("a")).toEqual(body);
  });

  it("refuses a server that ignores ranges", async () => {
    await store.create("a", body);
    world.server.inject("GetObject", {
      kind: "change",
      change: () => ({ status: 200, headers: { etag: '"x"' }, body: Buffer.from(body) }),
    });
    await expect(store.read("a", { start: 1, end: 2 })).rejects.toMatchObject({ exitCode: exitCode.config });
  });
});

describe("asFile of an S3 store", () => {
  it("takes a small object with one request", async () => {
    await store.create("a", body);
    const path = await store.asFile("a", directory);
    expect((await readFile(path)).equals(body)).toBe(true);
    expect(world.server.operations).toEqual(["PutObject", "GetObject"]);
  });

  it("fetches a large one in pieces, several at once", async () => {
    await store.create("a", large);
    const path = await store.asFile("a", directory);
    expect((await readFile(path)).equals(large)).toBe(true);
    const ranges = world.server.requests.slice(2).map(({ headers }) => headers.range);
    expect(ranges).toHaveLength(10);
    expect(ranges).toContain("bytes=0-999");
    expect(ranges).toContain("bytes=9000-9499");
  });

  it.each([
    ["SlowDown", { kind: "error", status: 503, code: "SlowDown" }],
    ["a connection that ends", { kind: "reset" }],
    ["half a piece", { kind: "half-body" }],
  ] as const)("fetches again only the piece that met %s", async (_, fault) => {
    await store.create("a", large);
    world.server.inject("GetObject", { kind: "change", change: (answer) => answer }, fault);
    const path = await store.asFile("a", directory);
    expect((await readFile(path)).equals(large)).toBe(true);
    expect(world.server.operations.filter((operation) => operation === "GetObject")).toHaveLength(12);
  });

  it("fetches all of it again when the whole has not the SHA-256 that the server keeps", async () => {
    await store.create("a", large);
    world.server.inject(
      "GetObject",
      { kind: "change", change: (answer) => answer },
      { kind: "change", change: damaged },
    );
    const path = await store.asFile("a", directory);
    expect((await readFile(path)).equals(large)).toBe(true);
    expect(world.server.operations.filter((operation) => operation === "GetObject")).toHaveLength(22);
  });

  it("takes no pieces of two objects for one", async () => {
    await store.create("a", large);
    const replaced: S3Fault = {
      kind: "change",
      change: (answer) => ({ ...answer, headers: { ...answer.headers, etag: '"other"' } }),
    };
    world.server.inject("GetObject", { kind: "change", change: (answer) => answer }, replaced);
    await expect(store.asFile("a", directory)).rejects.toMatchObject({
      exitCode: exitCode.tryAgain,
      message: expect.stringContaining("a was replaced while it was read"),
    });
    expect(await readdir(directory)).toEqual([]);
  });

  it.each([["a"], ["large"]])("leaves no part of a file when the server goes away: %s", async (key) => {
    await store.create("a", body);
    await store.create("large", large);
    store = await impatient();
    const intact: S3Fault = { kind: "change", change: (answer) => answer };
    world.server.inject("GetObject", key === "a" ? { kind: "half-body" } : intact);
    world.server.inject("GetObject", ...times(500, { kind: "half-body" }));
    await expect(store.asFile(key, directory)).rejects.toMatchObject({ exitCode: exitCode.tryAgain });
    expect(await readdir(directory)).toEqual([]);
  });
});

describe("an object that a server will not show", () => {
  const looks: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["read", () => store.read("a/b")],
    ["read of a range", () => store.read("a/b", { start: 1, end: 2 })],
    ["read of an empty range", () => store.read("a/b", { start: 0, end: 0 })],
    ["asFile", () => store.asFile("a/b", directory)],
  ];

  it.each(looks)("is not there, says %s, when its own name is not listed", async (_, look) => {
    world.server.hidesMissing = true;
    await store.create("a/bc", body);
    await store.create("a/b.c", body);
    await expect(look()).rejects.toThrow(ObjectNotFoundError);
    const listing = world.server.requests.at(-1);
    expect(listing?.query.get("prefix")).toBe("host/a/b");
  });

  it.each(looks)("may be there, says %s, when nothing may be listed either", async (_, look) => {
    world.server.hidesMissing = true;
    world.server.may = (operation) => operation !== "ListObjectsV2";
    const error: unknown = await look().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AccessDeniedError);
    expect(error).toMatchObject({ exitCode: exitCode.config });
    expect(String(error)).not.toContain("Unknown");
    expect(String(error)).toMatch(/\((?:AccessDenied, )?HTTP 403\)$/);
  });

  it.each(looks)("is there and may not be read, says %s, when it is listed", async (_, look) => {
    await store.create("a/b", body);
    world.server.may = (operation) => operation !== "GetObject" && operation !== "HeadObject";
    await expect(look()).rejects.toThrow(AccessDeniedError);
  });

  it("is looked for again when the listing meets trouble", async () => {
    world.server.hidesMissing = true;
    store = await world.open({ patience: hurry });
    world.server.inject("ListObjectsV2", { kind: "error", status: 503, code: "SlowDown" });
    await expect(store.read("a/b")).rejects.toThrow(ObjectNotFoundError);
    expect(world.server.operations).toEqual(["GetObject", "ListObjectsV2", "GetObject", "ListObjectsV2"]);
  });
});
