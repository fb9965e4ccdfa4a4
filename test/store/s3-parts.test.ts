import { createHash } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { impatience, smallSizes, useLoopbackServer } from "../support/loopback-store.ts";
import type { S3Operation } from "../support/s3-answer.ts";
import type { S3Fault } from "../support/s3-server.ts";

const world = useLoopbackServer();
const body = Uint8Array.from({ length: 4500 }, (_, index) => (index * 7) & 0xff);
const name = "logs/host/a";
const trial: readonly S3Operation[] = ["CreateMultipartUpload", "AbortMultipartUpload"];
const fiveParts = Array.from({ length: 5 }, () => "UploadPart" as const);

const denied: S3Fault = { kind: "error", status: 403, code: "AccessDenied" };
const slowDown: S3Fault = { kind: "error", status: 503, code: "SlowDown" };
const internalError: S3Fault = { kind: "error", status: 500, code: "InternalError" };

let store: ObjectStore;

beforeEach(async () => {
  store = await world.open({ sizes: smallSizes });
});

function times(count: number, fault: S3Fault): readonly S3Fault[] {
  return Array.from({ length: count }, () => fault);
}

function stored(): boolean {
  return world.server.objects.get(name)?.equals(body) === true;
}

describe("a large object", () => {
  it("is uploaded in parts, each with its SHA-256, and created only where nothing is", async () => {
    expect(await store.create("a", body)).toBe("created");
    expect(stored()).toBe(true);
    expect(world.server.operations).toEqual([
      ...trial,
      "CreateMultipartUpload",
      ...fiveParts,
      "CompleteMultipartUpload",
    ]);
    const parts = world.server.requests.filter(({ operation }) => operation === "UploadPart");
    const byNumber = new Map(parts.map(({ query, headers }) => [query.get("partNumber"), headers]));
    for (let index = 0; index < 5; index++) {
      const hash = createHash("sha256").update(body.subarray(index * 1000, index * 1000 + 1000));
      expect(byNumber.get(`${index + 1}`)).toMatchObject({
        "x-amz-checksum-sha256": hash.copy().digest("base64"),
        "x-amz-content-sha256": hash.digest("hex"),
      });
    }
    expect(world.server.requests.at(-1)?.headers).toMatchObject({ "if-none-match": "*" });
    expect(world.server.uploads.size).toBe(0);
  });

  it("comes back as it was sent", async () => {
    await store.create("a", body);
    expect(Buffer.from(await store.read("a")).equals(body)).toBe(true);
  });

  it("is one put up to the limit", async () => {
    await store.create("a", body.subarray(0, 3000));
    expect(world.server.operations).toEqual(["PutObject"]);
  });

  it("costs a trial once for a store", async () => {
    await store.create("a", body);
    await store.create("b", body);
    const trials = world.server.operations.filter((operation) => operation === "AbortMultipartUpload");
    expect(trials).toHaveLength(1);
  });

  it("exists when it did before, and leaves nothing behind", async () => {
    world.server.objects.set(name, Buffer.from("other"));
    expect(await store.create("a", body)).toBe("exists");
    expect(world.server.objects.get(name)).toEqual(Buffer.from("other"));
    expect(world.server.uploads.size).toBe(0);
  });

  it("is created by exactly one of many callers at once", async () => {
    const stores = await Promise.all(Array.from({ length: 3 }, () => world.open({ sizes: smallSizes })));
    const creations = await Promise.all(stores.map((each) => each.create("a", body)));
    expect(creations.toSorted()).toEqual(["created", "exists", "exists"]);
    expect(world.server.uploads.size).toBe(0);
  });
});

describe("where uploads in parts cannot be had, a large object", () => {
  it.each([
    ["may not be begun", [denied]],
    ["are unknown to the server", [{ kind: "error", status: 501, code: "NotImplemented" }]],
    ["are refused", [{ kind: "error", status: 400, code: "InvalidRequest" }]],
  ] as const)("is one put when they %s", async (_, faults) => {
    world.server.inject("CreateMultipartUpload", ...faults);
    expect(await store.create("b", body)).toBe("created");
    expect(world.server.operations).toEqual(["CreateMultipartUpload", "PutObject"]);
    expect(await store.create("c", body)).toBe("created");
    expect(world.server.operations.slice(2)).toEqual(["PutObject"]);
  });

  it("is one put when they may not be aborted, and one that is empty is left", async () => {
    world.server.may = (operation) => operation !== "AbortMultipartUpload";
    expect(await store.create("a", body)).toBe("created");
    expect(await store.create("b", body)).toBe("created");
    expect(world.server.operations).toEqual([...trial, "PutObject", "PutObject"]);
    expect([...world.server.uploads.values()]).toMatchObject([{ name, parts: new Map() }]);
  });

  it("is one put when the server keeps no checksums of parts: such servers replace", async () => {
    world.server.ignoresChecksums = true;
    expect(await store.create("a", body)).toBe("created");
    expect(world.server.operations).toEqual([...trial, "PutObject"]);
  });

  it("is refused when it is more than one put may hold", async () => {
    world.server.may = (operation) => operation !== "CreateMultipartUpload";
    await expect(store.create("a", new Uint8Array(8001))).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringContaining("s3:AbortMultipartUpload"),
    });
  });

  it("is tried again later when the trial met trouble that passes", async () => {
    const server = world.server;
    store = await world.open({ sizes: smallSizes, patience: impatience });
    server.inject("CreateMultipartUpload", ...times(500, slowDown));
    await expect(store.create("a", body)).rejects.toMatchObject({ exitCode: exitCode.tryAgain });
    const tried = server.operations.length;
    await expect(store.create("a", body)).rejects.toMatchObject({ exitCode: exitCode.tryAgain });
    expect(server.operations.length).toBeGreaterThan(tried);
    expect(server.operations).not.toContain("PutObject");
  });
});

describe("an upload in parts, when something goes wrong", () => {
  it.each([
    ["SlowDown", slowDown],
    ["a damaged part", { kind: "error", status: 400, code: "BadDigest" }],
    ["a connection that ends", { kind: "reset" }],
    ["a part whose answer got lost", { kind: "lost-response" }],
    ["another checksum than was sent", changedChecksum()],
  ] as const)("sends again only the part that met %s", async (_, fault) => {
    world.server.inject("UploadPart", fault);
    expect(await store.create("a", body)).toBe("created");
    expect(stored()).toBe(true);
    expect(world.server.operations.filter((operation) => operation === "UploadPart")).toHaveLength(6);
  });

  it("is aborted once no part of it is on its way any more", async () => {
    world.server.inject("UploadPart", denied);
    await expect(store.create("a", body)).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringMatching(/UploadPart \d of a: the S3 server denies it/),
    });
    expect(world.server.operations.at(-1)).toBe("AbortMultipartUpload");
    expect(world.server.uploads.size).toBe(0);
    expect(stored()).toBe(false);
  });

  it("is aborted when a part finds no end of trouble", async () => {
    store = await world.open({ sizes: smallSizes, patience: { ...impatience, attemptMs: 10_000 } });
    world.server.inject("UploadPart", ...times(500, slowDown));
    await expect(store.create("a", body)).rejects.toMatchObject({ exitCode: exitCode.tryAgain });
    expect(world.server.uploads.size).toBe(0);
  });

  it("reports its own trouble, not that of the abort", async () => {
    world.server.inject("UploadPart", denied);
    world.server.inject("AbortMultipartUpload", { kind: "change", change: (answer) => answer }, denied);
    await expect(store.create("a", body)).rejects.toMatchObject({
      message: expect.stringContaining("UploadPart"),
    });
  });

  it("is uncertain when the answer to its completion got lost", async () => {
    world.server.inject("CompleteMultipartUpload", { kind: "lost-response" });
    expect(await store.create("a", body)).toBe("uncertain");
    expect(stored()).toBe(true);
    expect(world.server.uploads.size).toBe(0);
  });

  it("is created when its completion was answered with 200 and an error, and with 200 the next time", async () => {
    world.server.inject("CompleteMultipartUpload", {
      kind: "change",
      change: () => ({ status: 200, body: Buffer.from("<Error><Code>InternalError</Code></Error>") }),
    });
    expect(await store.create("a", body)).toBe("uncertain");
    world.server.inject("CompleteMultipartUpload", { kind: "error", status: 200, code: "InternalError" });
    expect(await store.create("b", body)).toBe("created");
    expect(stored()).toBe(true);
  });

  it.each(["ConditionalRequestConflict", "OperationAborted"])(
    "is completed again after 409 %s",
    async (code) => {
      world.server.inject("CompleteMultipartUpload", { kind: "error", status: 409, code });
      expect(await store.create("a", body)).toBe("created");
      world.server.inject("CompleteMultipartUpload", { kind: "error", status: 409, code });
      expect(await store.create("a", body)).toBe("exists");
    },
  );

  const noUpload: S3Fault = { kind: "error", status: 404, code: "NoSuchUpload" };

  it("is begun anew when somebody removed it, also after an answer that got lost", async () => {
    world.server.inject("CompleteMultipartUpload", internalError, noUpload);
    expect(await store.create("a", body)).toBe("created");
    expect(stored()).toBe(true);
    expect(world.server.uploads.size).toBe(0);
  });

  it("is begun anew where nobody may look, and is uncertain when the key is taken then", async () => {
    world.server.may = (operation) => operation !== "HeadObject" && operation !== "ListObjectsV2";
    world.server.inject("CompleteMultipartUpload", { kind: "lost-response" }, noUpload);
    expect(await store.create("a", body)).toBe("uncertain");
    world.server.inject("CompleteMultipartUpload", internalError, noUpload);
    expect(await store.create("b", body)).toBe("created");
    expect(world.server.uploads.size).toBe(0);
  });

  it("says so when somebody removed it twice", async () => {
    world.server.inject("CompleteMultipartUpload", noUpload, noUpload);
    await expect(store.create("a", body)).rejects.toMatchObject({
      exitCode: exitCode.tryAgain,
      message: expect.stringContaining("the upload was removed before it was complete"),
    });
  });

  it("reports an object that was put together from other bytes", async () => {
    world.server.inject("CompleteMultipartUpload", {
      kind: "change",
      change: (answer) => ({
        ...answer,
        body: Buffer.from(answer.body.toString().replace(/<ChecksumSHA256>[^<]*/, "<ChecksumSHA256>AAAA-5")),
      }),
    });
    await expect(store.create("a", body)).rejects.toMatchObject({ exitCode: exitCode.integrity });
    expect(world.server.objects.size).toBe(0);
  });

  function changedChecksum(): S3Fault {
    const other = createHash("sha256").update("other").digest("base64");
    return {
      kind: "change",
      change: (answer) => ({ ...answer, headers: { ...answer.headers, "x-amz-checksum-sha256": other } }),
    };
  }
});
