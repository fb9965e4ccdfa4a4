import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { listKeys } from "../support/list-keys.ts";
import { hurry, impatience, useLoopbackServer } from "../support/loopback-store.ts";
import type { S3Fault } from "../support/s3-server.ts";

const world = useLoopbackServer();
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

let store: ObjectStore;

beforeEach(async () => {
  store = await world.open();
});

/** True while a timer keeps this process alive. */
function hasTimers(): boolean {
  return process.getActiveResourcesInfo().includes("Timeout");
}

function times(count: number, fault: S3Fault): readonly S3Fault[] {
  return Array.from({ length: count }, () => fault);
}

describe("the S3 store, when trouble passes", () => {
  it.each(passingFaults)("creates after %s", async (_, fault) => {
    world.server.inject("PutObject", fault, fault);
    expect(await store.create("a", body)).toBe("created");
    expect(world.server.objects.get("logs/host/a")).toEqual(Buffer.from(body));
    expect(world.server.operations).toEqual(["PutObject", "PutObject", "PutObject"]);
  });

  it.each(passingFaults)("reads after %s", async (_, fault) => {
    await store.create("a", body);
    world.server.inject("GetObject", fault, fault);
    expect(await store.read("a")).toEqual(body);
  });

  it.each(passingFaults)("lists on after %s in the middle", async (_, fault) => {
    for (let index = 0; index < 250; index++)
      world.server.objects.set(`logs/host/${1000 + index}`, Buffer.alloc(0));
    const listing = store.list("")[Symbol.asyncIterator]();
    const first = await listing.next();
    world.server.inject("ListObjectsV2", fault, fault);
    const keys = [first.value?.key];
    for (let next = await listing.next(); next.done !== true; next = await listing.next())
      keys.push(next.value.key);
    expect(keys).toEqual(Array.from({ length: 250 }, (__, index) => `${1000 + index}`));
  });

  it.each(passingFaults)("removes after %s", async (_, fault) => {
    await store.create("a", body);
    world.server.inject("DeleteObjects", fault, fault);
    expect(await store.remove(["a"])).toEqual([]);
    expect(world.server.objects.size).toBe(0);
  });

  it("asks again when there is no answer", async () => {
    store = await world.open({ patience: hurry });
    for (const operation of ["PutObject", "GetObject", "ListObjectsV2", "DeleteObjects"] as const) {
      world.server.inject(operation, { kind: "stall" });
    }
    expect(await store.create("a", body)).toBe("created");
    expect(await store.read("a")).toEqual(body);
    expect(await listKeys(store)).toEqual(["a"]);
    expect(await store.remove(["a"])).toEqual([]);
  });

  it("reads again when the body breaks off", async () => {
    await store.create("a", body);
    world.server.inject("GetObject", { kind: "half-body" }, { kind: "half-body" });
    expect(await store.read("a")).toEqual(body);
    world.server.inject("GetObject", { kind: "half-body" });
    expect(await store.read("a", { start: 10, end: 3000 })).toEqual(body.slice(10, 3000));
  });

  it("reads again when the body comes byte by byte", async () => {
    await store.create("a", body);
    store = await world.open({ patience: hurry });
    world.server.inject("GetObject", { kind: "drip" });
    expect(await store.read("a")).toEqual(body);
    expect(world.server.operations).toEqual(["PutObject", "GetObject", "GetObject"]);
  });

  it("takes a removal whose answer got lost for done", async () => {
    await store.create("a", body);
    world.server.inject("DeleteObjects", { kind: "lost-response" });
    expect(await store.remove(["a"])).toEqual([]);
  });

  it("sends again what arrived damaged", async () => {
    world.server.inject("PutObject", { kind: "error", status: 400, code: "BadDigest" });
    expect(await store.create("a", body)).toBe("created");
  });
});

describe("the S3 store, when trouble stays", () => {
  beforeEach(async () => {
    store = await world.open({ patience: impatience });
  });

  it.each([...passingFaults, ["no answer", { kind: "stall" }] as const])(
    "gives up within its budget after %s, and says to try again",
    async (_, fault) => {
      world.server.inject("PutObject", ...times(100, fault));
      const startedMs = performance.now();
      await expect(store.create("a", body)).rejects.toMatchObject({
        name: "UserError",
        exitCode: exitCode.tryAgain,
        message: expect.stringContaining("s3://logs/host: "),
      });
      expect(performance.now() - startedMs).toBeLessThan(impatience.budgetMs + impatience.attemptMs + 1000);
      expect(world.server.operations.length).toBeGreaterThan(1);
    },
  );
});

describe("the S3 store, where a server passes over start-after", () => {
  it("passes over what comes before it all the same", async () => {
    for (const key of ["a", "b", "c"]) await store.create(key, body);
    const response = await fetch(`${world.server.endpoint}/logs?list-type=2&prefix=host/`);
    const all = Buffer.from(await response.arrayBuffer());
    world.server.inject("ListObjectsV2", { kind: "change", change: () => ({ status: 200, body: all }) });
    expect(await listKeys(store, "", "a")).toEqual(["b", "c"]);
  });
});

describe("the S3 store, once an operation has failed", () => {
  const operations: readonly (readonly [string, S3Fault, () => Promise<unknown>])[] = [
    ["a put without an answer", { kind: "stall" }, () => store.create("new", body)],
    ["a put that nobody reads", { kind: "deaf" }, () => store.create("new", new Uint8Array(9_000_000))],
    ["a put that breaks off", { kind: "half-request" }, () => store.create("new", new Uint8Array(9_000_000))],
    ["a read without an answer", { kind: "stall" }, () => store.read("a")],
    ["a read that drips", { kind: "drip" }, () => store.read("a")],
    ["a read that breaks off", { kind: "half-body" }, () => store.read("a")],
    ["a copy that breaks off", { kind: "half-body" }, () => store.asFile("a", tmpdir())],
    ["a listing without an answer", { kind: "stall" }, () => listKeys(store)],
  ];

  it.each(operations)("leaves neither socket nor timer behind: %s", async (_, fault, operation) => {
    await store.create("a", body);
    store = await world.open({ patience: impatience });
    const opened: Socket[] = [];
    const note = (message: unknown): void =>
      void opened.push((message as { readonly socket: Socket }).socket);
    subscribe("net.client.socket", note);
    for (const each of ["PutObject", "GetObject", "ListObjectsV2"] as const) {
      world.server.inject(each, ...times(500, fault));
    }
    await expect(operation()).rejects.toMatchObject({ exitCode: exitCode.tryAgain });
    unsubscribe("net.client.socket", note);
    expect(opened.length).toBeGreaterThan(0);
    expect(opened.filter((socket) => !socket.destroyed)).toEqual([]);
    // Of the put before, which went well, the SDK still has timers for some seconds.
    for (let round = 0; round < 400 && hasTimers(); round++) await delay(25);
    expect(hasTimers()).toBe(false);
  });
});
