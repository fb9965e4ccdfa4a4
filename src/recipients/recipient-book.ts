import { addDays, type Day, epochDay } from "../day.ts";
import { decodeRecipient } from "../seal/age-text.ts";
import type { DayKeyName } from "../seal/day-key-name.ts";
import type { RecipientSeries, RecipientSnapshot } from "./recipient-snapshot.ts";

/** For whom to seal, by view, day and class. */
export interface RecipientBook {
  recipientOf(name: DayKeyName): RecipientAnswer;
  /** The last day for which every view and class has a recipient; undefined when nothing is published. */
  readonly lastDay: Day | undefined;
}

export type RecipientAnswer =
  /** 32 bytes. */
  | { readonly kind: "open"; readonly recipient: Uint8Array }
  /** Its key was destroyed: what comes for it now is refused. */
  | { readonly kind: "destroyed" }
  /** Nobody has made a key for it, or nobody has published it. */
  | { readonly kind: "missing" };

export function createRecipientBook({ series }: RecipientSnapshot): RecipientBook {
  const byName = new Map<string, RecipientSeries[]>();
  for (const one of series) {
    const name = seriesName(one);
    byName.set(name, [...(byName.get(name) ?? []), one]);
  }
  return {
    lastDay: lastDayOf([...byName.values()]),
    recipientOf(name) {
      const day = epochDay(name.day);
      for (const { firstDay, recipients } of byName.get(seriesName(name)) ?? []) {
        const text = recipients[day - epochDay(firstDay)];
        if (text === undefined) continue;
        if (text === null) return { kind: "destroyed" };
        const recipient = decodeRecipient(text);
        if (recipient === undefined) throw new Error("a snapshot was not checked before it was used");
        return { kind: "open", recipient };
      }
      return { kind: "missing" };
    },
  };
}

function seriesName({ view, retentionClass }: Pick<DayKeyName, "view" | "retentionClass">): string {
  return `${view}/${retentionClass}`;
}

function lastDayOf(groups: readonly (readonly RecipientSeries[])[]): Day | undefined {
  const ends = groups.map((group) => group.map(endOf).reduce((a, b) => (a > b ? a : b)));
  return ends.length === 0 ? undefined : ends.reduce((a, b) => (a < b ? a : b));
}

function endOf({ firstDay, recipients }: RecipientSeries): Day {
  return addDays(firstDay, recipients.length - 1);
}
