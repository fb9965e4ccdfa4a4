import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Day } from "../../src/day.ts";
import type { Hold } from "../../src/holds/hold-state.ts";
import type { LookedThrough } from "../../src/holds/looked-through.ts";
import { type CopyPlan, planCopies } from "../../src/holds/plan-copies.ts";
import { attachment, copiedRecord, foldedHolds, placedRecord } from "./support/hold-records.ts";

interface Item {
  readonly key: string;
  readonly day: Day;
}

const day = "2026-02-01" as Day;
const item = (key: string, of: Day = day): Item => ({ key, day: of });
const seeing =
  (...keys: readonly string[]): LookedThrough =>
  () =>
    new Set(keys);

function holdWith(...outputs: readonly string[]): Hold {
  const recorded = outputs.map((key) => ({ view: "raw" as const, key, rows: 1, sizeBytes: 1, sha256: "" }));
  const [hold] = foldedHolds(placedRecord(), copiedRecord({ inputs: attachment(), outputs: recorded }));
  if (hold === undefined) throw new Error("no hold");
  return hold;
}

interface Sight {
  readonly objects: readonly string[];
  /** Of each copy, the keys it was made of; undefined where nobody knows. */
  readonly copies: Readonly<Record<string, readonly string[] | undefined>>;
  readonly seen: readonly string[];
  readonly recorded?: readonly string[];
}

function planOf({ objects, copies, seen, recorded = [] }: Sight): CopyPlan<Item> {
  const listing = {
    objects: objects.map((key) => item(key)),
    copies: Object.keys(copies).map((key) => item(key)),
    inputsOf: ({ key }: Item) => copies[key],
  };
  return planCopies(holdWith(...recorded), listing, seeing(...seen));
}

const keysOf = (items: readonly Item[]): readonly string[] => items.map(({ key }) => key);

describe("planCopies", () => {
  it("copies what nobody has looked through, by day", () => {
    const other = "2026-02-02" as Day;
    const objects = [item("c", other), item("a"), item("b"), item("d")];
    const plan = planCopies(holdWith(), { objects, copies: [], inputsOf: () => undefined }, seeing("b"));
    expect([...plan.copy]).toEqual([
      [day, [item("a"), item("d")]],
      [other, [item("c", other)]],
    ]);
  });

  it("adopts a copy that no record names, and copies of its objects none again", () => {
    const plan = planOf({ objects: ["a", "b", "c"], copies: { x: ["a", "b"] }, seen: [] });
    expect(keysOf(plan.adopt)).toEqual(["x"]);
    expect(keysOf(plan.copy.get(day) ?? [])).toEqual(["c"]);
  });

  it("removes one whose rows another copy has, and copies the rest of its objects anew", () => {
    const plan = planOf({ objects: ["a", "b"], copies: { x: ["a", "b"] }, seen: ["a"] });
    expect(plan).toMatchObject({ adopt: [], remove: [item("x")] });
    expect(keysOf(plan.copy.get(day) ?? [])).toEqual(["b"]);
    const twice = planOf({ objects: ["a", "b", "c"], copies: { x: ["a", "b"], y: ["b", "c"] }, seen: [] });
    expect(twice).toMatchObject({ adopt: [item("x")], remove: [item("y")] });
    expect(keysOf(twice.copy.get(day) ?? [])).toEqual(["c"]);
  });

  it("leaves what is recorded, and names what nobody knows", () => {
    const plan = planOf({ objects: ["a"], copies: { x: ["a"], z: undefined }, seen: ["a"], recorded: ["x"] });
    expect(plan).toEqual({ adopt: [], remove: [], unknown: [item("z")], copy: new Map() });
  });

  it("looks each object through once, whatever was stopped", () => {
    const names = ["a", "b", "c", "d", "e"];
    const copies = fc.dictionary(fc.constantFrom("v", "w", "x", "y"), fc.subarray(names, { minLength: 1 }));
    fc.assert(
      fc.property(fc.subarray(names), fc.subarray(names), copies, (objects, seen, made) => {
        const plan = planOf({ objects, copies: made, seen });
        const adopted = plan.adopt.flatMap(({ key }) => made[key] ?? []);
        const copied = keysOf(plan.copy.get(day) ?? []);
        const all = [...adopted, ...copied];
        expect(new Set(all).size).toBe(all.length);
        expect(all.filter((key) => seen.includes(key))).toEqual([]);
        const known = new Set([...all, ...seen]);
        expect(objects.filter((key) => !known.has(key))).toEqual([]);
      }),
    );
  });
});
