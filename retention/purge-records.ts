import type { PurgeRecord, PurgeRule } from "../src/ledger/purge-record.ts";
import { formatTerm } from "../src/term.ts";
import type { Expired } from "./plan-purge.ts";
import type { PurgeBatch } from "./purge-batches.ts";

/** What the records of one run have in common. */
export interface PurgeStamp {
  /** When the run began, ISO 8601. */
  readonly at: string;
  readonly clock: "system" | "argument";
}

/** About 250 KB of JSON: every reader of the chain fetches a record whole. */
export const OBJECTS_PER_RECORD_MAX = 2000;

/** The records that certify a batch: which of its objects are `gone`, and how many are not. None for none. */
export function purgeRecords(
  { view, day }: PurgeBatch,
  { gone, failures }: { readonly gone: readonly Expired[]; readonly failures: number },
  stamp: PurgeStamp,
): readonly PurgeRecord[] {
  const records: PurgeRecord[] = [];
  for (let start = 0; start < gone.length; start += OBJECTS_PER_RECORD_MAX) {
    const objects = gone.slice(start, start + OBJECTS_PER_RECORD_MAX);
    records.push({
      kind: "purge",
      view,
      day,
      at: stamp.at,
      clock: stamp.clock,
      policy: rulesOf(objects),
      objects: objects.map(({ key, sizeBytes }) => ({ key, sizeBytes })),
      // Counted once, in the first.
      failures: start === 0 ? failures : 0,
    });
  }
  return records;
}

function rulesOf(objects: readonly Expired[]): readonly PurgeRule[] {
  const rules = new Map<string, PurgeRule>();
  for (const { retentionClass, rule, dueDay } of objects) {
    if (!rules.has(retentionClass)) {
      rules.set(retentionClass, { kind: rule.kind, retentionClass, term: formatTerm(rule.term), dueDay });
    }
  }
  return [...rules.values()];
}
