import { describe, expect, it } from "vitest";
import { checkKey } from "../../src/store/check-key.ts";
import { isKey } from "../../src/store/object-store.ts";

const part = "x".repeat(200);

describe("isKey", () => {
  it.each([
    "a",
    "dt=2026-11-22/web01_standard_0123.parquet.age",
    `${part}/${part}/${"x".repeat(110)}`,
    Array.from({ length: 16 }, () => "a").join("/"),
    ".nfsd/exports",
    "...",
  ])("takes %s", (key) => {
    expect(isKey(key)).toBe(true);
  });

  it.each([
    ["an empty one", ""],
    ["a slash at the beginning", "/a"],
    ["a slash at the end", "a/"],
    ["two slashes", "a//b"],
    ["a way out of the root", "a/../../b"],
    ["a part that is a dot", "a/./b"],
    ["a space", "a b"],
    ["a letter that is not ASCII", "größe"],
    ["a newline at the end", "a\n"],
    ["a part of 201 characters", `${part}x`],
    ["17 parts", Array.from({ length: 17 }, () => "a").join("/")],
    ["513 bytes", `${part}/${part}/${"x".repeat(111)}`],
    ["the name of a file that NFS keeps for its readers", "a/.nfs000000000012ab3400000001"],
  ])("refuses %s", (_what, key) => {
    expect(isKey(key)).toBe(false);
    expect(() => checkKey(key)).toThrow(RangeError);
  });

  it("leaves room for the longest prefix within the 1,024 bytes of S3", () => {
    const longest = `${part}/${part}/${"x".repeat(110)}`;
    expect(longest).toHaveLength(512);
    expect(`${"p".repeat(500)}/${longest}`.length).toBeLessThanOrEqual(1024);
  });
});
