import { describe, expect, it } from "vitest";
import { batchesOf } from "../../query/batches.ts";
import { dayOfMs } from "../../src/day.ts";

const object = (dayNumber: number, sizeBytes = 1) => ({
  key: `${dayNumber}`,
  day: dayOfMs(dayNumber * 86_400_000),
  sizeBytes,
});
const daysIn = (batches: ReturnType<typeof batchesOf>): readonly string[] =>
  batches.map((batch) => batch.map(({ key }) => key).join(" "));

describe("batchesOf", () => {
  it("closes a batch at its limit of objects, between days only", () => {
    const objects = [1, 1, 1, 2, 2, 3].map((day) => object(day));
    expect(daysIn(batchesOf(objects, { objects: 2, bytes: 1000 }))).toEqual(["1 1 1", "2 2", "3"]);
  });

  it("closes a batch at its limit of bytes", () => {
    const objects = [object(1, 90), object(2, 20), object(3, 5)];
    expect(daysIn(batchesOf(objects, { objects: 100, bytes: 100 }))).toEqual(["1 2", "3"]);
  });

  it("makes none of nothing", () => {
    expect(batchesOf([], { objects: 1, bytes: 1 })).toEqual([]);
  });
});
