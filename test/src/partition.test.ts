import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDay } from "../../src/day.ts";
import {
  dayPrefix,
  formatKey,
  isClassName,
  isNodeName,
  type ObjectName,
  parseKey,
} from "../../src/partition.ts";
import { isKey } from "../../src/store/object-store.ts";
import { anyDay } from "../support/any-day.ts";

const anyName: fc.Arbitrary<ObjectName> = fc.record({
  day: anyDay,
  node: fc.stringMatching(/^[a-z0-9.-]{1,63}$/).filter(isNodeName),
  retentionClass: fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/),
  batch: fc.stringMatching(/^[0-9a-f]{32}$/),
  isSealed: fc.boolean(),
});

const batch = "0123456789abcdef0123456789abcdef";

describe("formatKey and parseKey", () => {
  it("are the inverse of each other", () => {
    fc.assert(
      fc.property(anyName, (name) => {
        const key = formatKey(name);
        expect(parseKey(key)).toEqual(name);
        expect(isKey(key)).toBe(true);
        expect(key.startsWith(dayPrefix(name.day))).toBe(true);
      }),
    );
  });

  it("write what other engines read as a Hive partition", () => {
    const day = parseDay("2026-11-22");
    if (day === undefined) throw new Error("a day");
    expect(
      formatKey({ day, node: "web01.example.org", retentionClass: "standard", batch, isSealed: false }),
    ).toBe(`dt=2026-11-22/web01.example.org_standard_${batch}.parquet`);
  });
});

describe("parseKey", () => {
  it.each([
    ["a day that is none", `dt=2026-02-31/web01_standard_${batch}.parquet`],
    ["no day", `web01_standard_${batch}.parquet`],
    ["another folder above", `x/dt=2026-11-22/web01_standard_${batch}.parquet`],
    ["another folder below", `dt=2026-11-22/x/web01_standard_${batch}.parquet`],
    ["an underscore in the node", `dt=2026-11-22/web_01_standard_${batch}.parquet`],
    ["a node that is no host name", `dt=2026-11-22/-web01_standard_${batch}.parquet`],
    ["a node with two dots", `dt=2026-11-22/web..01_standard_${batch}.parquet`],
    ["the name of the control chain as a node", `dt=2026-11-22/control_standard_${batch}.parquet`],
    ["an upper-case class", `dt=2026-11-22/web01_Standard_${batch}.parquet`],
    ["a short batch", `dt=2026-11-22/web01_standard_${batch.slice(1)}.parquet`],
    ["a batch in capitals", `dt=2026-11-22/web01_standard_${batch.toUpperCase()}.parquet`],
    ["another ending", `dt=2026-11-22/web01_standard_${batch}.parquet.bak`],
    ["a newline behind it", `dt=2026-11-22/web01_standard_${batch}.parquet\n`],
    ["a file that is being written", `dt=2026-11-22/.web01_standard_${batch}.parquet.tmp`],
    ["nothing", ""],
  ])("does not take %s for one of our objects", (_name, key) => {
    expect(parseKey(key)).toBeUndefined();
  });

  it("takes nothing for ours that we would not write", () => {
    fc.assert(
      fc.property(
        anyName,
        fc.nat(),
        fc.constantFrom("", "_", "/", ".", "A", "0", "é", "%"),
        (name, place, text) => {
          const key = formatKey(name);
          const at = place % key.length;
          const changed = key.slice(0, at) + text + key.slice(at + 1);
          const read = parseKey(changed);
          if (read !== undefined) expect(formatKey(read)).toBe(changed);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("isNodeName", () => {
  it.each(["a", "web01", "web-01.example.org", "1", "a".repeat(63)])("accepts %s", (name) => {
    expect(isNodeName(name)).toBe(true);
  });

  it.each(["", "-a", "a-", ".a", "a.", "a..b", "a_b", "A", "a/b", "a b", "é", "control", "a".repeat(64)])(
    "refuses %j",
    (name) => {
      expect(isNodeName(name)).toBe(false);
    },
  );
});

describe("isClassName", () => {
  it.each([
    ["standard", true],
    ["a", true],
    ["short-90", true],
    ["a".repeat(31), true],
    ["a".repeat(32), false],
    ["9a", false],
    ["-a", false],
    ["a_b", false],
    ["A", false],
    ["", false],
  ])("of %j is %s", (name, expected) => {
    expect(isClassName(name)).toBe(expected);
  });
});
