import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { groupKeys } from "../../src/store/s3/key-groups.ts";

describe("groupKeys", () => {
  it("looks for the keys of one day by what they share", () => {
    expect(groupKeys(["dt=2026-11-22/web-1_a", "dt=2026-11-23/x", "dt=2026-11-22/web-2_a"])).toEqual([
      { prefix: "dt=2026-11-22/web-", keys: ["dt=2026-11-22/web-1_a", "dt=2026-11-22/web-2_a"] },
      { prefix: "dt=2026-11-23/x", keys: ["dt=2026-11-23/x"] },
    ]);
  });

  it("takes no key, one key, and a key that begins another", () => {
    expect(groupKeys([])).toEqual([]);
    expect(groupKeys(["a"])).toEqual([{ prefix: "a", keys: ["a"] }]);
    expect(groupKeys(["d/ab", "d/a"])).toEqual([{ prefix: "d/a", keys: ["d/ab", "d/a"] }]);
  });

  it("puts every key into one group, whose prefix it has and which stays within its folder", () => {
    const part = fc.constantFrom("a", "ab", "b", "dt=1");
    const key = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
    fc.assert(
      fc.property(fc.uniqueArray(key), (keys) => {
        const groups = groupKeys(keys);
        expect(groups.flatMap((group) => group.keys).toSorted()).toEqual(keys.toSorted());
        for (const group of groups) {
          for (const each of group.keys) {
            expect(each.startsWith(group.prefix)).toBe(true);
            expect(group.prefix.length).toBeGreaterThan(each.lastIndexOf("/"));
          }
        }
      }),
    );
  });
});
