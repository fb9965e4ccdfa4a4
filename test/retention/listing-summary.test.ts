import { describe, expect, it } from "vitest";
import { createListingSummary } from "../../retention/listing-summary.ts";
import { groupOf, keyOf } from "../support/purge-objects.ts";

describe("a summary of listings", () => {
  it("counts the objects and bytes of each view, day and class, the longest past first", () => {
    const summary = createListingSummary();
    for (const number of [1, 2, 3]) {
      summary.take("raw", { key: keyOf("raw", "2026-11-20", "standard", number), sizeBytes: 100 });
    }
    summary.take("raw", { key: keyOf("raw", "2026-11-20", "shop"), sizeBytes: 7 });
    summary.take("analytics", { key: keyOf("analytics", "2026-11-19"), sizeBytes: 5 });
    expect(summary.groups()).toEqual([
      groupOf("2026-11-19", { view: "analytics", sizeBytes: 5 }),
      groupOf("2026-11-20", { retentionClass: "shop", sizeBytes: 7 }),
      groupOf("2026-11-20", { objects: 3, sizeBytes: 300 }),
    ]);
    expect(summary.unrecognised).toEqual([]);
  });

  it("has a group of which only hidden versions are left", () => {
    const summary = createListingSummary();
    summary.takeHidden("raw", { key: keyOf("raw", "2026-11-20"), sizeBytes: 40 });
    expect(summary.groups()).toEqual([groupOf("2026-11-20", { objects: 0, sizeBytes: 40 })]);
  });

  it.each([
    "readme.txt",
    "dt=2001-01-01/",
    "dt=2001-02-31/web-1_standard_00000000000000000000000000000000.parquet",
    "dt=2001-01-01/web-1_standard_0.parquet",
    "dt=2001-01-01/web-1_standard_00000000000000000000000000000000.parquet.tmp",
    "dt=2001-01-01/web_1_standard_00000000000000000000000000000000.parquet",
    "x/dt=2001-01-01/web-1_standard_00000000000000000000000000000000.parquet",
  ])("takes %j, which hostlog does not write, for none of its own", (foreign) => {
    const summary = createListingSummary();
    summary.take("raw", { key: foreign, sizeBytes: 1 });
    expect(summary.groups()).toEqual([]);
    expect(summary.unrecognised).toEqual([{ view: "raw", key: foreign, sizeBytes: 1 }]);
  });
});
