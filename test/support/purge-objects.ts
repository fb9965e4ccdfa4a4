import { type Day, parseDay } from "../../src/day.ts";
import { formatKey } from "../../src/partition.ts";
import type { StoredObject } from "../../src/store/object-store.ts";
import type { View } from "../../src/view.ts";

/** Throws for what is no day. */
export function dayOf(text: string): Day {
  const day = parseDay(text);
  if (day === undefined) throw new Error(`no day: ${text}`);
  return day;
}

/** The key of an object as hostlog writes it. */
export function keyOf(view: View, day: Day | string, retentionClass = "standard", number = 0): string {
  return formatKey({
    day: dayOf(day),
    node: "web-1",
    retentionClass,
    batch: number.toString(16).padStart(32, "0"),
    isSealed: view !== "analytics",
  });
}

export function listingsOf(
  objects: Partial<Record<View, readonly StoredObject[]>>,
): Readonly<Record<View, readonly StoredObject[]>> {
  return { raw: [], analytics: [], quarantine: [], ...objects };
}
