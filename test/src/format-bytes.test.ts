import { describe, expect, it } from "vitest";
import { formatBytes } from "../../src/format-bytes.ts";

describe("formatBytes", () => {
  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [1_048_575, "1.0 MiB"],
    [13_000_000_000, "12.1 GiB"],
  ])("of %d is %s", (sizeBytes, text) => {
    expect(formatBytes(sizeBytes)).toBe(text);
  });
});
