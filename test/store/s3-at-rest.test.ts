import { createHash } from "node:crypto";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { S3Encryption } from "../../config/config.ts";
import { exitCode } from "../../src/exit-code.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { type AtRest, isEncryptedAsAsked } from "../../src/store/s3/at-rest.ts";
import { smallSizes, useLoopbackServer } from "../support/loopback-store.ts";

const world = useLoopbackServer();
const body = Uint8Array.from({ length: 900 }, (_, index) => index & 0xff);
const large = Uint8Array.from({ length: 4500 }, (_, index) => index & 0xff);
const keyBytes = Buffer.alloc(32, 0x5a);
const prefix = "x-amz-server-side-encryption";

let directory: string;
let keyFile: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "hostlog-s3-key-"));
  keyFile = join(directory, "customer.key");
  await writeFile(keyFile, `${keyBytes.toString("base64")}\n`, { mode: 0o600 });
});
afterEach(() => rm(directory, { recursive: true }));

function openWith(encryption: S3Encryption): Promise<ObjectStore> {
  return world.open({ settings: { encryption }, sizes: smallSizes });
}

type Case = readonly [string, () => S3Encryption, Readonly<Record<string, string>>];

const cases: readonly Case[] = [
  ["the server's own key", () => ({ kind: "server-key" }), { [prefix]: "AES256" }],
  ["a key service", () => ({ kind: "kms-key", key: undefined }), { [prefix]: "aws:kms" }],
  [
    "a key of a key service",
    () => ({ kind: "kms-key", key: "logs-1" }),
    { [prefix]: "aws:kms", [`${prefix}-aws-kms-key-id`]: "logs-1" },
  ],
  [
    "a customer's key",
    () => ({ kind: "customer-key", keyFile }),
    {
      [`${prefix}-customer-algorithm`]: "AES256",
      [`${prefix}-customer-key`]: keyBytes.toString("base64"),
      [`${prefix}-customer-key-md5`]: createHash("md5").update(keyBytes).digest("base64"),
    },
  ],
];

describe("an object that is to be encrypted", () => {
  it.each(cases)("by %s is asked to be, and comes back", async (_, encryption, headers) => {
    const store = await openWith(encryption());
    expect(await store.create("a", body)).toBe("created");
    expect(world.server.requests[0]?.headers).toMatchObject(headers);
    expect(await store.read("a")).toEqual(body);
    expect(await store.read("a", { start: 5, end: 9 })).toEqual(body.slice(5, 9));
    expect(await store.read("a", { start: 5, end: 5 })).toHaveLength(0);
    await expect(store.asFile("a", directory)).resolves.toContain(directory);
  });

  it.each(cases)("by %s in parts is asked to be, and comes back", async (_, encryption, headers) => {
    const store = await openWith(encryption());
    expect(await store.create("a", large)).toBe("created");
    const [begun] = world.server.requests.filter(({ operation }) => operation === "CreateMultipartUpload");
    expect(begun?.headers).toMatchObject(headers);
    expect(await store.read("a")).toEqual(large);
  });

  it("by a customer's key in parts brings that key with each request, as Ceph wants it", async () => {
    const store = await openWith({ kind: "customer-key", keyFile });
    await store.create("a", large);
    const bytes = world.server.requests.filter(({ operation }) => /^(?:UploadPart|Complete)/.test(operation));
    expect(bytes).toHaveLength(6);
    for (const { headers } of bytes) expect(headers[`${prefix}-customer-algorithm`]).toBe("AES256");
  });

  it.each(cases)(
    "by %s is never called created when the server stored it as it was",
    async (_, encryption) => {
      world.server.encrypts = false;
      const store = await openWith(encryption());
      await expect(store.create("a", body)).rejects.toMatchObject({
        exitCode: exitCode.config,
        message: expect.stringMatching(
          /^s3:\/\/logs\/host: a was stored and is NOT encrypted as asked \(s3\.encryption: .*\): the server says nothing of encryption\. It was removed again; correct the server/,
        ),
      });
      expect(world.server.objects.size).toBe(0);
    },
  );

  it("is named for a person to remove when these credentials may not, by its version", async () => {
    world.server.encrypts = false;
    world.server.versioning.set("logs", "Enabled");
    world.server.may = (operation) => operation !== "DeleteObject";
    const store = await openWith({ kind: "server-key" });
    await expect(store.create("a", body)).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringMatching(
        /NOT be removed again with these credentials: remove the object \(version \S+\) by hand, correct/,
      ),
    });
    expect(world.server.objects.size).toBe(1);
  });

  it("leaves no version behind when it is removed again", async () => {
    world.server.encrypts = false;
    world.server.versioning.set("logs", "Enabled");
    const store = await openWith({ kind: "server-key" });
    await expect(store.create("a", body)).rejects.toMatchObject({ exitCode: exitCode.config });
    expect(world.server.versionsOf("logs/host/a")).toEqual([]);
  });

  it.each(cases)("by %s does not exist already as one that is not encrypted so", async (_, encryption) => {
    await (await world.open()).create("a", body);
    const store = await openWith(encryption());
    const refusal = {
      exitCode: exitCode.config,
      message: expect.stringMatching(
        /a was stored and is NOT encrypted as asked .* Remove the object, correct/,
      ),
    };
    await expect(store.create("a", body)).rejects.toMatchObject(refusal);
    world.server.inject("PutObject", { kind: "lost-response" });
    await expect(store.create("a", body)).rejects.toMatchObject(refusal);
    expect(world.server.objects.size).toBe(1);
  });

  it.each(cases)("by %s exists once it was created so", async (_, encryption) => {
    const store = await openWith(encryption());
    await store.create("a", body);
    expect(await store.create("a", body)).toBe("exists");
    await store.create("b", large);
    expect(await store.create("b", large)).toBe("exists");
  });

  it("exists for a node, which may not look at it", async () => {
    await (await world.open()).create("a", body);
    world.server.may = (operation) => operation === "PutObject";
    const store = await openWith({ kind: "server-key" });
    expect(await store.create("a", body)).toBe("exists");
  });

  it.each(cases)("by %s in parts is not even sent to a server that would not", async (_, encryption) => {
    world.server.encrypts = false;
    const store = await openWith(encryption());
    await expect(store.create("a", large)).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringContaining("a was not stored, since it would not have been encrypted as asked"),
    });
    expect(world.server.operations).not.toContain("UploadPart");
    expect(world.server.uploads.size).toBe(0);
    expect(world.server.objects.size).toBe(0);
  });

  it("is refused with a sentence when the server cannot encrypt so", async () => {
    const store = await openWith({ kind: "kms-key", key: "none" });
    world.server.inject("PutObject", { kind: "error", status: 400, code: "InvalidArgument" });
    await expect(store.create("a", body)).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringContaining(
        "refuses to encrypt as asked (s3.encryption: kms-key none); check that",
      ),
    });
    world.server.inject("PutObject", { kind: "error", status: 400, code: "KMS.NotFoundException" });
    await expect(store.create("a", body)).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringContaining("check that s3.encryption.kms_key exists, is enabled"),
    });
  });

  it("does not keep those from being read that were stored before", async () => {
    const plain = await world.open({ sizes: smallSizes });
    await plain.create("a", body);
    await plain.create("b", large);
    const store = await openWith({ kind: "customer-key", keyFile });
    expect(await store.read("a")).toEqual(body);
    expect(await store.read("b", { start: 0, end: 0 })).toHaveLength(0);
    await expect(store.asFile("b", directory)).resolves.toContain(directory);
  });
});

describe("an object that a customer's key encrypts", () => {
  it("is not given for another key, nor for none, and the message says what to name", async () => {
    const store = await openWith({ kind: "customer-key", keyFile });
    await store.create("a", body);
    const plain = await world.open();
    const naming = { exitCode: exitCode.config, message: expect.stringContaining("s3.encryption must name") };
    await expect(plain.read("a")).rejects.toMatchObject(naming);
    await expect(plain.read("a", { start: 0, end: 0 })).rejects.toMatchObject(naming);
    await writeFile(keyFile, Buffer.alloc(32, 1).toString("base64"));
    const other = await openWith({ kind: "customer-key", keyFile });
    await expect(other.read("a")).rejects.toMatchObject({ exitCode: exitCode.config });
  });
});

describe("the file of a customer's key", () => {
  const opening = (): Promise<ObjectStore> => openWith({ kind: "customer-key", keyFile });

  it.each([0o640, 0o604, 0o620, 0o601])("must be its owner's alone: mode %o", async (mode) => {
    await chmod(keyFile, mode);
    await expect(opening()).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringContaining(
        `${keyFile}: others than its owner may read or change this key; run chmod 600`,
      ),
    });
  });

  it.each([
    ["fewer bytes", Buffer.alloc(31).toString("base64")],
    ["more bytes", Buffer.alloc(33).toString("base64")],
    ["no padding", keyBytes.toString("base64").slice(0, 43)],
    ["bits that base64 does not have", `${keyBytes.toString("base64").slice(0, 42)}B=`],
    ["raw bytes", keyBytes.toString("latin1")],
    ["nothing", ""],
    ["two keys", `${keyBytes.toString("base64")}\n${keyBytes.toString("base64")}`],
  ])("is refused with %s, and its words are not shown", async (_, text) => {
    await writeFile(keyFile, text);
    const error: unknown = await opening().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ exitCode: exitCode.config, message: expect.stringContaining("32 bytes") });
    if (text !== "") expect(String(error)).not.toContain(text);
  });

  it("is asked for when it is not there", async () => {
    await rm(keyFile);
    await expect(opening()).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringContaining('make the file with "openssl rand -base64 32"'),
    });
  });

  it("is in no message and in nothing that is printed of a store", async () => {
    const store = await opening();
    world.server.inject("PutObject", { kind: "error", status: 403, code: "AccessDenied" });
    const error: unknown = await store.create("a", body).catch((thrown: unknown) => thrown);
    const shown = inspect([store, error], { depth: 20 });
    expect(shown).not.toContain(keyBytes.toString("base64"));
    expect(shown).not.toContain(keyBytes.toString("latin1"));
  });
});

describe("isEncryptedAsAsked", () => {
  const arn = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
  const id = "1234abcd-12ab-34cd-56ef-1234567890ab";
  const kms = (key: string | undefined): AtRest => ({ kind: "kms-key", key });

  it.each([
    ["the key's id for its ARN", kms(id), arn],
    ["the ARN for the ARN", kms(arn), arn],
    ["the ARN for the id", kms(arn), id],
    ["any key where none was named", kms(undefined), arn],
    ["any key for an alias, which is not answered", kms("alias/logs"), arn],
    ["any key for an alias by its ARN", kms("arn:aws:kms:eu-central-1:111122223333:alias/logs"), arn],
  ])("takes %s", (_, atRest, answered) => {
    expect(isEncryptedAsAsked(atRest, { ServerSideEncryption: "aws:kms", SSEKMSKeyId: answered })).toBe(true);
  });

  it.each([
    ["another key", kms("other"), { ServerSideEncryption: "aws:kms", SSEKMSKeyId: arn }],
    ["no key's name", kms(id), { ServerSideEncryption: "aws:kms" }],
    ["a part of its id", kms("ab"), { ServerSideEncryption: "aws:kms", SSEKMSKeyId: arn }],
    ["the server's own key for a key service's", kms(undefined), { ServerSideEncryption: "AES256" }],
    ["a key service's for the server's own", { kind: "server-key" }, { ServerSideEncryption: "aws:kms" }],
    [
      "another customer's key",
      { kind: "customer-key", keyBase64: (): string => "", keyMd5Base64: "x" },
      { SSECustomerAlgorithm: "AES256", SSECustomerKeyMD5: "y" },
    ],
  ] as const)("does not take %s", (_, atRest, answer) => {
    expect(isEncryptedAsAsked(atRest, answer)).toBe(false);
  });
});
