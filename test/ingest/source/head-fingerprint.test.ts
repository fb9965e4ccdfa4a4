import { describe, expect, it } from "vitest";
import { headFingerprint } from "../../../ingest/source/head-fingerprint.ts";

const secret = Buffer.alloc(32, 7);

const of = (text: string, domain?: string): string => headFingerprint(secret, Buffer.from(text), domain);

describe("headFingerprint", () => {
  it("is of the first line, whatever follows it", () => {
    expect(of("first\nsecond\n")).toBe(of("first\n"));
    expect(of("first\n")).toMatch(/^[0-9a-f]{32}$/);
    expect(of("first\n")).not.toBe(of("First\n"));
  });

  it("is of what there is of a line that has no end", () => {
    expect(of("first")).toBe(of("first\n"));
    expect(of("fir")).not.toBe(of("first\n"));
  });

  it("is another for another site: the same line in two sites' files is two requests", () => {
    const prints = [of("first\n"), of("first\n", "example.org"), of("first\n", "example.net")];
    expect(new Set(prints).size).toBe(3);
  });

  it("does not take a site for a part of the line", () => {
    expect(of(".org line\n", "example")).not.toBe(of(" line\n", "example.org"));
  });

  it("looks at the first 64 KiB of a longer line", () => {
    const long = "x".repeat(64 * 1024);
    expect(of(`${long}a\n`)).toBe(of(`${long}b\n`));
    expect(of(`${long.slice(1)}a\n`)).not.toBe(of(`${long.slice(1)}b\n`));
  });
});
