import type { View } from "../view.ts";
import type { RecordedObject } from "./recorded-object.ts";

/**
 * Objects that were replaced by others. Each input is consumed by this record alone, and rows in = rows out + rows
 * erased. It is written when the outputs are there and before the inputs are removed.
 */
export interface RewriteRecord {
  readonly kind: "rewrite";
  /** ISO 8601. */
  readonly at: string;
  readonly clock: "system" | "argument";
  readonly reason: "pack" | "compact" | "erase" | "replay";
  readonly inputs: readonly RewrittenObject[];
  readonly outputs: readonly RecordedObject[];
  /** Rows that are in no output, by the reason for it. */
  readonly rowsErased: Readonly<Record<string, number>>;
}

export interface RewrittenObject {
  readonly view: View;
  readonly key: string;
  readonly rows: number;
}
