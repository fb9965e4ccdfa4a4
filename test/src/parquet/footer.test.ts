import { describe, expect, it } from "vitest";
import { footerFields } from "../../../src/parquet/footer.ts";
import { analyticsSchema } from "../../../src/schema/analytics-schema.ts";

describe("footerFields", () => {
  it("gives every column the order of its type, without which readers must not trust the bounds", () => {
    const fields = footerFields({ schema: analyticsSchema, groups: [], metadata: {} });
    const typeOrder = { kind: "struct", fields: { 1: { kind: "struct", fields: {} } } };
    expect(fields[7]).toEqual({
      kind: "list",
      items: Object.keys(analyticsSchema.columns).map(() => typeOrder),
    });
  });
});
