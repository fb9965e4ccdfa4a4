import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import { openStore } from "../../src/store/open-store.ts";

const settings = { endpoint: "https://s3.example.net", region: "us-east-1", forcePathStyle: false };

describe("openStore", () => {
  it("opens a folder by its URL, spaces and all", async () => {
    const folder = await mkdtemp(join(tmpdir(), "hostlog open store "));
    const store = await openStore(pathToFileURL(folder).href, settings);
    await store.create("a/b", Buffer.from("body"));
    expect(await readFile(join(folder, "a", "b"), "utf8")).toBe("body");
    await rm(folder, { recursive: true });
  });

  it.each([
    ["s3://logs", "s3://logs"],
    ["s3://logs/", "s3://logs"],
    ["s3://logs/host/raw", "s3://logs/host/raw"],
    ["s3://logs.example.net/host/raw/", "s3://logs.example.net/host/raw"],
  ])("opens a bucket by %s", async (url, shown) => {
    expect((await openStore(url, settings)).url).toBe(shown);
  });

  it("leaves room for the longest key in a prefix, and says when one leaves none", async () => {
    const folders = "a".repeat(199);
    const longest = `s3://logs/${folders}/${folders}/${"b".repeat(111)}`;
    expect((await openStore(longest, settings)).url).toBe(longest);
    await expect(openStore(`${longest}b`, settings)).rejects.toMatchObject({
      exitCode: exitCode.usage,
      message: "the prefix of an S3 root may have 511 characters, and this one has 512; write a shorter one",
    });
  });

  it.each([
    "",
    "memory:",
    "/srv/hostlog",
    "file:relative",
    "file://host/srv",
    "file:///srv?x",
    "file:///srv%2Fx",
    "file:///srv%00x",
    "s3://",
    "s3:///prefix",
    "s3://Bucket/x",
    "s3://user:secret@bucket/x",
    "s3://bucket/a//b",
    "s3://bucket//b",
    "s3://bucket/../b",
    "s3://bucket/a b",
    "https://bucket.s3.amazonaws.com/x",
  ])("refuses %j with examples, and without repeating it", async (url) => {
    const error: unknown = await openStore(url, settings).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      name: "UserError",
      exitCode: exitCode.usage,
      message: expect.stringMatching(/write file:\/\/\/srv\/hostlog or s3:\/\/bucket\/prefix/),
    });
    expect(String(error)).not.toContain("secret@");
  });
});
