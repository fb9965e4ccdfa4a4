import { describe, expect, it } from "vitest";
import { nearestWord } from "../../config/nearest-word.ts";

describe("nearestWord", () => {
  it.each([
    ["clases", "classes"],
    ["sotre", "store"],
    ["retenton", "retention"],
    ["S3", undefined],
    ["something", undefined],
    ["nod", "node"],
  ])("takes %s for %s", (word, expected) => {
    expect(nearestWord(word, ["store", "stores", "classes", "retention", "node"])).toBe(expected);
  });
});
