import type { Day } from "../day.ts";
import { parseKey } from "../partition.ts";

/** The views whose objects are sealed. Analytics holds nothing that identifies a visitor, and is read by any engine. */
export type SealedView = "raw" | "quarantine";

export const sealedViews: readonly SealedView[] = ["raw", "quarantine"];

/** What names a key pair: objects of one view, day and class are sealed for it, and are destroyed with it. */
export interface DayKeyName {
  readonly view: SealedView;
  readonly day: Day;
  readonly retentionClass: string;
}

/** The key pair for which an object's name says that it is sealed; undefined for a key that is no object's, or unsealed. */
export function dayKeyNameOf(view: SealedView, objectKey: string): DayKeyName | undefined {
  const name = parseKey(objectKey);
  if (name === undefined || !name.isSealed) return undefined;
  return { view, day: name.day, retentionClass: name.retentionClass };
}

/** For people, and as a key of maps: `raw/2026-11-22/standard`. */
export function formatDayKey({ view, day, retentionClass }: DayKeyName): string {
  return `${view}/${day}/${retentionClass}`;
}
