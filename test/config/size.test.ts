import { describe, expect, it } from "vitest";
import { parseSize } from "../../config/size.ts";

describe("parseSize", () => {
  it.each([
    ["64MiB", 67_108_864],
    ["10MB", 10_000_000],
    ["1 GiB", 1_073_741_824],
    ["512B", 512],
    ["1kB", 1000],
    ["1KiB", 1024],
  ])("reads %s", (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each(["", "64", "MiB", "-1B", "1.5GiB", "64mib", "64 M", "1B\n", "9999999999B"])(
    "refuses %j",
    (text) => {
      expect(parseSize(text)).toBeUndefined();
    },
  );
});
