import { describe, expect, it } from "vitest";
import { addDays, type Day } from "../../src/day.ts";
import { firstRevival } from "../../src/recipients/first-revival.ts";
import type { RecipientSeries } from "../../src/recipients/recipient-snapshot.ts";

const firstDay = "2026-11-20" as Day;
/** What nodes may have sealed for by then. */
const sealed = addDays(firstDay, 1);

function series(...recipients: readonly (string | null)[]): readonly RecipientSeries[] {
  return [{ view: "raw", retentionClass: "standard", firstDay, recipients }];
}

function revival(before: readonly RecipientSeries[], after: readonly RecipientSeries[]) {
  return firstRevival({ series: before }, after, sealed);
}

describe("what would be published anew", () => {
  it("may destroy, and may add days and classes", () => {
    expect(revival(series("a", "b", "c"), series("a", null, "c", "d"))).toBeUndefined();
    const other: RecipientSeries = {
      view: "quarantine",
      retentionClass: "standard",
      firstDay,
      recipients: ["x"],
    };
    expect(revival(series("a"), [...series("a"), other])).toBeUndefined();
  });

  it("may not give a destroyed day a key again, however far ahead it is", () => {
    expect(revival(series("a", null), series("a", "b"))).toEqual({
      name: "raw/2026-11-21/standard",
      kind: "revived",
    });
    expect(revival(series("a", "b", "c", "d", null), series("a", "b", "c", "d", "e"))).toMatchObject({
      kind: "revived",
    });
  });

  it("may not exchange a key that nodes may have sealed for, nor leave it out", () => {
    expect(revival(series("a", "b"), series("a", "x"))).toMatchObject({ kind: "exchanged" });
    expect(revival(series("a", "b"), series("a"))).toMatchObject({ kind: "exchanged" });
    expect(revival(series("a"), [])).toMatchObject({ kind: "exchanged" });
  });

  it("may exchange keys of days to come, as a keyring restored from an export does", () => {
    expect(revival(series("a", "b", "c"), series("a", "b", "x"))).toBeUndefined();
  });
});
