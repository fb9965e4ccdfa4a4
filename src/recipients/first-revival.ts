import { addDays, type Day } from "../day.ts";
import { formatDayKey } from "../seal/day-key-name.ts";
import type { RecipientSeries, RecipientSnapshot } from "./recipient-snapshot.ts";

export interface Revival {
  /** View, day and class. */
  readonly name: string;
  /** `revived`: it was destroyed. `exchanged`: it was another key, which nodes may have sealed for. */
  readonly kind: "revived" | "exchanged";
}

/**
 * The first day up to `lastSealedDay` whose published key would become another, or, on any day, whose destruction would
 * be taken back. A key that is in none of `series` any more counts as exchanged: it is lost.
 */
export function firstRevival(
  known: Pick<RecipientSnapshot, "series">,
  series: readonly RecipientSeries[],
  lastSealedDay: Day,
): Revival | undefined {
  const now = new Map(series.flatMap(daysOf));
  for (const [name, before, day] of known.series
    .flatMap(daysOf)
    .map(([key, value]) => [key, ...value] as const)) {
    const after = now.get(name)?.[0];
    if (before === null && after !== null && after !== undefined) return { name, kind: "revived" };
    if (before !== null && after !== null && after !== before && day <= lastSealedDay) {
      return { name, kind: "exchanged" };
    }
  }
  return undefined;
}

function daysOf({ view, retentionClass, firstDay, recipients }: RecipientSeries) {
  return recipients.map((recipient, index) => {
    const day = addDays(firstDay, index);
    return [formatDayKey({ view, retentionClass, day }), [recipient, day] as const] as const;
  });
}
