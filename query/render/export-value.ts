import type { ResultColumn } from "../result-column.ts";
import type { Cell } from "../row.ts";

/** A cell as programs read it: an instant is ISO 8601 in UTC with ms, everything else is itself. */
export function exportValue(cell: Cell, { kind }: ResultColumn): Cell {
  return kind === "time" && typeof cell === "number" ? new Date(cell).toISOString() : cell;
}
