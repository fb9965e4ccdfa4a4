import { rankValues } from "../../src/columns/rank-values.ts";
import { sortRows } from "../../src/columns/sort-rows.ts";
import { MS_PER_DAY } from "../../src/day.ts";
import type { RawColumns } from "../../src/schema/table-columns.ts";

/**
 * Orders rows, all of one UTC day, by domain and time; lines of the same instant keep their order. A site's
 * rows lie together, so that a look-up skips the row groups of others. What depends on the batch alone is
 * worked out once; the function that is returned is called for each of its days.
 */
export function createRawOrder({ domain, time }: RawColumns): (rows: Uint32Array) => Uint32Array {
  const ranks = rankValues(domain.values);
  const domains = domain.codes.map((code) => ranks[code - 1] as number);
  const instants = Uint32Array.from(time.values, (ms) => ms - Math.floor(ms / MS_PER_DAY) * MS_PER_DAY);
  return (rows) => sortRows(sortRows(rows, instants), domains);
}
