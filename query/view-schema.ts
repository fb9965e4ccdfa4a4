import { analyticsSchema } from "../src/schema/analytics-schema.ts";
import { rawSchema } from "../src/schema/raw-schema.ts";
import type { TableSchema } from "../src/schema/table-schema.ts";

/** The views that can be asked. */
export type QueryView = "raw" | "analytics";

export const viewSchemas: Readonly<Record<QueryView, TableSchema>> = {
  raw: rawSchema,
  analytics: analyticsSchema,
};
