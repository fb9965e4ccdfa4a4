import { describe, expect, it } from "vitest";
import { isLoopback } from "../../src/loopback.ts";

describe("isLoopback", () => {
  it.each([
    "localhost",
    "logs.localhost",
    "a.b.localhost",
    "127.0.0.1",
    "127.8.9.255",
    "[::1]",
    "::1",
    "LOCALHOST",
  ])("is true for %s", (name) => expect(isLoopback(name)).toBe(true));

  it.each([
    "localhost.example.net",
    "127.0.0.1.example.net",
    "127.example.net",
    "128.0.0.1",
    "127.0.0.256",
    "127.1",
    "mylocalhost",
    ".localhost",
    "localhost.",
    "localhost@192.0.2.1",
    "localhost\n",
    "::ffff:192.0.2.1",
    "[::2]",
    "",
  ])("is false for %j", (name) => expect(isLoopback(name)).toBe(false));
});
