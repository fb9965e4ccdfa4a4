import type { PurgeGroup } from "../src/ledger/retention-record.ts";

/** For messages, and as a key of maps: `raw/2026-11-22/standard`. */
export function groupName({ view, day, retentionClass }: PurgeGroup): string {
  return `${view}/${day}/${retentionClass}`;
}
