import type { Column } from "../src/columns/column.ts";
import { rankValues } from "../src/columns/rank-values.ts";
import { sortRows } from "../src/columns/sort-rows.ts";
import { type AnalyticsColumnName, analyticsSchema } from "../src/schema/analytics-schema.ts";
import type { AnalyticsColumns } from "../src/schema/table-columns.ts";

const leading: readonly AnalyticsColumnName[] = ["domain", "time", "path"];
const names = Object.keys(analyticsSchema.columns) as AnalyticsColumnName[];
const others = names.filter((name) => !leading.includes(name));

/**
 * Orders rows by what they hold: by domain, hour and path, then by every other column as the schema has them.
 * Text goes by bytes, numbers by value, nothing before anything. Rows that are neighbours afterwards in any
 * order of the given ones are equal in every column, so the order tells nothing about raw's. What depends on
 * the batch alone is worked out once; the function that is returned is called for each of its days.
 */
export function createAnalyticsOrder(columns: AnalyticsColumns): (rows: Uint32Array) => Uint32Array {
  const leadingKeys = leading.flatMap((name) => keysOf(columns[name]));
  const otherKeys = others.flatMap((name) => keysOf(columns[name]));
  return (rows) => {
    const order = leadingKeys.toReversed().reduce((sorted, key) => sortRows(sorted, key), rows);
    // Rows that agree in domain, hour and path are few and lie together: only they need the other columns.
    for (let start = 0; start < order.length; ) {
      let end = start + 1;
      while (
        end < order.length &&
        compareRows(leadingKeys, order[start] as number, order[end] as number) === 0
      )
        end++;
      if (end - start > 1) order.subarray(start, end).sort((a, b) => compareRows(otherKeys, a, b));
      start = end;
    }
    return order;
  };
}

function compareRows(keys: readonly Uint32Array[], a: number, b: number): number {
  for (const key of keys) {
    const difference = (key[a] as number) - (key[b] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** For each row one or two words whose order is that of the values; the more significant word first. */
function keysOf(column: Column): readonly Uint32Array[] {
  switch (column.kind) {
    case "boolean":
      return [Uint32Array.from(column.values)];
    case "bytes": {
      const ranks = rankValues(column.values);
      return [column.codes.map((code) => (code === 0 ? 0 : (ranks[code - 1] as number) + 1))];
    }
    case "number":
      return numberKeys(column.values);
  }
}

/** IEEE 754 bits sort as the numbers do once the sign is turned: all bits of a negative one, else the sign alone. */
function numberKeys(values: Float64Array): readonly Uint32Array[] {
  const scratch = new DataView(new ArrayBuffer(8));
  const lows = new Uint32Array(values.length);
  const highs = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (Number.isNaN(value)) continue;
    // Adding 0 makes -0 the same as 0.
    scratch.setFloat64(0, value + 0);
    const high = scratch.getInt32(0);
    const low = scratch.getInt32(4);
    lows[i] = high < 0 ? ~low : low;
    highs[i] = high < 0 ? ~high : high | 0x8000_0000;
  }
  return [highs, lows];
}
