import { describe, expect, it } from "vitest";
import { parseStoreUrl } from "../../config/store-url.ts";

describe("parseStoreUrl", () => {
  it.each([
    ["file:///srv/hostlog", "file:///srv/hostlog"],
    ["file:///srv/hostlog///", "file:///srv/hostlog"],
    ["file:///srv/a/../b", "file:///srv/b"],
    ["file:///srv/a%20b", "file:///srv/a%20b"],
    ["/srv/a b#c?", "file:///srv/a%20b%23c%3F"],
    ["./x", "file:///cwd/x"],
    ["x/y", "file:///cwd/x/y"],
    ["../x", "file:///x"],
    ["s3://logs", "s3://logs"],
    ["s3://logs/", "s3://logs"],
    ["s3://logs.example/a/b=1/", "s3://logs.example/a/b=1"],
  ])("reads %s as %s", (text, url) => {
    expect(parseStoreUrl(text, "/cwd")).toEqual({ kind: "url", url });
  });

  it.each([
    "",
    " ",
    "file://srv/hostlog",
    "file:srv",
    "file:///a%2Fb",
    "file:///a%00b",
    "file:///a?b",
    "/a\0b",
    "s3://",
    "s3:///x",
    "s3://UPPER/x",
    "s3://logs//x",
    "s3://logs/../x",
    "s3://logs/a b",
    "s3://logs?x",
    "s3://key:secret@logs",
    "https://s3.example.net/logs",
    "ftp://x",
  ])("refuses %j", (text) => {
    expect(parseStoreUrl(text, "/cwd").kind).toBe("problem");
  });

  it("takes an S3 prefix of 500 characters, and says how long a longer one is", () => {
    const prefix = `${"a".repeat(199)}/${"b".repeat(199)}/${"c".repeat(100)}`;
    expect(parseStoreUrl(`s3://logs/${prefix}//`)).toEqual({ kind: "url", url: `s3://logs/${prefix}` });
    expect(parseStoreUrl(`s3://logs/${prefix}c`)).toEqual({
      kind: "problem",
      message: "a prefix may have 500 characters, and this one has 501: write a shorter one",
    });
    expect(parseStoreUrl(`s3://logs/${prefix.repeat(3)}`)).toMatchObject({
      message: expect.stringContaining("this one has 1500"),
    });
  });

  it("refuses a relative path where there is no working directory to speak of", () => {
    expect(parseStoreUrl("./x").kind).toBe("problem");
    expect(parseStoreUrl("/x").kind).toBe("url");
  });
});
