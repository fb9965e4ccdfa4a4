import type { Day } from "../day.ts";
import type { StoredRecord } from "../ledger/record-object.ts";
import type { TrustedWriters } from "../ledger/trusted-writers.ts";
import { isHoldClass } from "../partition.ts";
import type { Hold } from "./hold-state.ts";

/** The days of a hold of which raw rows, or the keys to them, were destroyed, in ascending order: it cannot keep those. */
export function destroyedDays(
  { firstDay, lastDay }: Pick<Hold, "firstDay" | "lastDay">,
  records: readonly StoredRecord[],
  writers: Pick<TrustedWriters, "trusts">,
): readonly Day[] {
  const days = new Set<Day>();
  for (const stored of records) {
    if (!writers.trusts(stored)) continue;
    for (const day of destroyedIn(stored)) if (firstDay <= day && day <= lastDay) days.add(day);
  }
  return [...days].sort();
}

function destroyedIn({ record: { body } }: StoredRecord): readonly Day[] {
  if (body.kind === "purge") return body.view === "raw" ? [body.day] : [];
  if (body.kind === "purge-begun") return isOfNodes(body.group) ? [body.group.day] : [];
  return body.kind === "keys-destroyed" ? body.keys.filter(isOfNodes).map(({ day }) => day) : [];
}

function isOfNodes({
  view,
  retentionClass,
}: {
  readonly view: string;
  readonly retentionClass: string;
}): boolean {
  return view === "raw" && !isHoldClass(retentionClass);
}
