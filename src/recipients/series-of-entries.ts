import { epochDay } from "../day.ts";
import type { KeyEntry } from "../keyring/keyring.ts";
import { isHoldClass } from "../partition.ts";
import type { RecipientSeries } from "./recipient-snapshot.ts";

interface GrowingSeries extends RecipientSeries {
  readonly recipients: (string | null)[];
}

/**
 * The public half of a keyring, as nodes need it: consecutive days together, in the order of view, class and day. Without the
 * keys of holds, for which no node seals.
 */
export function seriesOfEntries(entries: readonly KeyEntry[]): readonly RecipientSeries[] {
  const forNodes = entries.filter(({ retentionClass }) => !isHoldClass(retentionClass));
  const sorted = forNodes.sort(
    (a, b) => compare(a.view, b.view) || compare(a.retentionClass, b.retentionClass) || compare(a.day, b.day),
  );
  const series: GrowingSeries[] = [];
  for (const { view, retentionClass, day, recipient, destroyedAt } of sorted) {
    const text = destroyedAt === undefined ? recipient : null;
    const last = series.at(-1);
    const follows =
      last?.view === view &&
      last.retentionClass === retentionClass &&
      epochDay(last.firstDay) + last.recipients.length === epochDay(day);
    if (follows) last.recipients.push(text);
    else series.push({ view, retentionClass, firstDay: day, recipients: [text] });
  }
  return series;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
