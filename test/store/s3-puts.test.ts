import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import { AccessDeniedError } from "../../src/store/object-store.ts";
import { hurry, impatience, smallSizes, useLoopbackServer } from "../support/loopback-store.ts";
import type { S3Answer, S3Headers } from "../support/s3-answer.ts";
import type { S3Fault } from "../support/s3-server.ts";

const world = useLoopbackServer();
const body = Uint8Array.from({ length: 4000 }, (_, index) => index & 0xff);
const md5 = createHash("md5").update(body).digest("hex");
const name = "logs/host/a";

/** The answer with other headers than the server gave it: one that is undefined is left out. */
function answering(headers: Readonly<Record<string, string | undefined>>): S3Fault {
  const change = (answer: S3Answer): S3Answer => {
    const all: S3Headers = { ...answer.headers };
    const kept = Object.entries({ ...all, ...headers }).filter(([, value]) => value !== undefined);
    return { ...answer, headers: Object.fromEntries(kept) as S3Headers };
  };
  return { kind: "change", change };
}

const noChecksum = { "x-amz-checksum-sha256": undefined };

describe("create in an S3 store", () => {
  it("is one put that names the bytes' SHA-256, and creates only where nothing is", async () => {
    const store = await world.open();
    expect(await store.create("a", body)).toBe("created");
    const [put] = world.server.requests;
    const sha256 = createHash("sha256").update(body);
    expect(put?.operation).toBe("PutObject");
    expect(put?.headers).toMatchObject({
      "if-none-match": "*",
      "content-length": "4000",
      "x-amz-sdk-checksum-algorithm": "SHA256",
      "x-amz-checksum-sha256": sha256.copy().digest("base64"),
      "x-amz-content-sha256": sha256.digest("hex"),
    });
  });

  it("sends no header and no frame that other servers take amiss, however large the body", async () => {
    const store = await world.open();
    await store.create("a", new Uint8Array(3_000_000));
    await store.read("a");
    const unusual = /^expect$|trailer|transfer-encoding|content-encoding|decoded|checksum/;
    expect([...world.server.headerNames].filter((each) => unusual.test(each)).toSorted()).toEqual([
      "x-amz-checksum-mode",
      "x-amz-checksum-sha256",
      "x-amz-sdk-checksum-algorithm",
    ]);
  });

  it("says exists when there was an object before", async () => {
    const store = await world.open();
    world.server.objects.set(name, Buffer.from("other"));
    expect(await store.create("a", body)).toBe("exists");
    expect(world.server.objects.get(name)).toEqual(Buffer.from("other"));
  });

  const lostAnswers: readonly (readonly [string, S3Fault])[] = [
    ["the connection ended instead of an answer", { kind: "lost-response" }],
    ["a proxy answered 502", answeredInstead(502)],
    ["the server answered 500", answeredInstead(500)],
    ["a proxy answered 504", answeredInstead(504)],
  ];

  it.each(lostAnswers)("says uncertain when it stored the object and %s", async (_, fault) => {
    const store = await world.open();
    world.server.inject("PutObject", fault);
    expect(await store.create("a", body)).toBe("uncertain");
    expect(world.server.objects.get(name)).toEqual(Buffer.from(body));
    expect(world.server.operations).toEqual(["PutObject", "PutObject"]);
  });

  it("says uncertain when an answer did not come in time and somebody's object is there", async () => {
    const store = await world.open({ patience: hurry });
    world.server.objects.set(name, Buffer.from("other"));
    world.server.inject("PutObject", { kind: "stall" });
    expect(await store.create("a", body)).toBe("uncertain");
  });

  it.each([
    [409, "ConditionalRequestConflict"],
    [409, "OperationAborted"],
    [400, "BadDigest"],
    [429, "TooManyRequestsException"],
  ])("says exists after %i %s, which leaves no doubt that nothing was stored", async (status, code) => {
    const store = await world.open();
    world.server.objects.set(name, Buffer.from("other"));
    world.server.inject("PutObject", { kind: "error", status, code });
    expect(await store.create("a", body)).toBe("exists");
    expect(world.server.operations).toEqual(["PutObject", "PutObject"]);
  });

  it.each(["half-request", "deaf"] as const)("sends again what was not read to its end: %s", async (kind) => {
    const store = await world.open({ patience: hurry });
    world.server.inject("PutObject", { kind });
    const large = new Uint8Array(8_000_000).fill(7);
    expect(await store.create("a", large)).toBe("created");
    expect(world.server.objects.get(name)?.equals(large)).toBe(true);
  });

  it("gives up a server that never reads a body, within its budget", async () => {
    const store = await world.open({ patience: impatience });
    world.server.inject("PutObject", ...Array.from({ length: 99 }, () => ({ kind: "deaf" }) as const));
    await expect(store.create("a", new Uint8Array(100_000))).rejects.toMatchObject({
      exitCode: exitCode.tryAgain,
    });
  });

  it("says that these credentials may not", async () => {
    const store = await world.open();
    world.server.may = (operation) => operation !== "PutObject";
    const error: unknown = await store.create("a", body).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AccessDeniedError);
    expect(error).toMatchObject({
      message: expect.stringMatching(/^s3:\/\/logs\/host: PutObject a: the S3 server denies it; /),
    });
  });

  it("refuses before it sends anything what no single put may hold", async () => {
    const store = await world.open({ sizes: { ...smallSizes, partsAboveBytes: 100_000 } });
    expect(await store.create("a", new Uint8Array(8000))).toBe("created");
    await expect(store.create("b", new Uint8Array(8001))).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringContaining("b has 8001 bytes, and a single put may have 8000; let these"),
    });
    expect(world.server.operations).toEqual(["PutObject"]);
  });
});

describe("what a server says that it stored", () => {
  it.each([
    ["another SHA-256", { "x-amz-checksum-sha256": createHash("sha256").update("x").digest("base64") }],
    ["no SHA-256, and the MD5 of other bytes", { ...noChecksum, etag: `"${"0".repeat(32)}"` }],
  ])("is an error when it is %s", async (_, headers) => {
    const store = await world.open();
    world.server.inject("PutObject", answering(headers));
    await expect(store.create("a", body)).rejects.toMatchObject({
      exitCode: exitCode.integrity,
      message: expect.stringMatching(/stored other bytes for a than it was sent\. It was removed again;/),
    });
    expect(world.server.objects.size).toBe(0);
  });

  it.each([
    ["the MD5 of these bytes", { ...noChecksum, etag: `"${md5}"` }],
    ["the MD5 without quotes", { ...noChecksum, etag: md5 }],
    ["an ETag of another kind", { ...noChecksum, etag: '"d41d8cd98f00b204-2"' }],
    [
      "the ETag of bytes encrypted by a key service",
      { ...noChecksum, etag: `"${"0".repeat(32)}"`, "x-amz-server-side-encryption": "aws:kms" },
    ],
    [
      "the ETag of bytes encrypted by a customer's key",
      {
        ...noChecksum,
        etag: `"${"0".repeat(32)}"`,
        "x-amz-server-side-encryption-customer-algorithm": "AES256",
      },
    ],
  ])("is taken when it is %s", async (_, headers) => {
    const store = await world.open();
    world.server.inject("PutObject", answering(headers));
    expect(await store.create("a", body)).toBe("created");
  });

  it("is not believed when it names no ETag, as no S3 server would", async () => {
    const store = await world.open();
    world.server.inject("PutObject", {
      kind: "change",
      change: () => ({ status: 200, body: Buffer.from("<html><body>Welcome to this network</body></html>") }),
    });
    expect(await store.create("a", body)).toBe("uncertain");
    expect(world.server.operations).toHaveLength(2);
  });

  it("is compared by its MD5 where the server's own key encrypts it, which leaves the ETag as it is", async () => {
    const store = await world.open();
    const headers = { ...noChecksum, "x-amz-server-side-encryption": "AES256", etag: `"${"0".repeat(32)}"` };
    world.server.inject("PutObject", answering(headers));
    await expect(store.create("a", body)).rejects.toMatchObject({ exitCode: exitCode.integrity });
  });
});

/** The object is stored, and the answer says otherwise. */
function answeredInstead(status: number): S3Fault {
  return { kind: "change", change: () => ({ status, body: Buffer.from("<html>Bad Gateway</html>") }) };
}
