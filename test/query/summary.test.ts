import { describe, expect, it } from "vitest";
import type { QueryReport } from "../../query/query-report.ts";
import { summaryOf } from "../../query/summary.ts";

const report: QueryReport = {
  days: 7,
  objectsListed: 9,
  objectsOpened: 2,
  bytes: 2048,
  rowsMatched: 3,
  rowsGiven: 3,
  unrecognised: [],
  vanished: [],
  destroyed: [],
  keyless: [],
};

const keyOf = (day: number): string => `dt=2024-11-0${day}/web01_standard_${"0".repeat(32)}.parquet.age`;

describe("summaryOf", () => {
  it("says by day what was destroyed, and of which objects the key is missing", () => {
    const destroyed = [1, 1, 1, 2].map(keyOf);
    expect(summaryOf({ ...report, destroyed, keyless: [keyOf(3)] }, 1234)).toEqual([
      "7 days, 2 of 9 objects opened, 2.0 KiB, 3 rows, 1.2 s",
      "3 objects of 2024-11-01 are destroyed: their key is gone",
      "1 object of 2024-11-02 is destroyed: its key is gone",
      "1 object of 2024-11-03 was not opened, so its rows are missing above: there is no key for it",
    ]);
  });

  it("names the first days only", () => {
    const destroyed = [1, 2, 3, 4, 5, 6, 7, 7].map(keyOf);
    const [, ...lines] = summaryOf({ ...report, destroyed }, 0);
    expect(lines).toHaveLength(6);
    expect(lines.at(-1)).toBe("3 objects of 2 more days are destroyed: their key is gone");
  });
});
