import type { GroupRule } from "../src/ledger/retention-record.ts";
import { groupName } from "./group-name.ts";
import type { ListedGroup } from "./listing-summary.ts";

/** What is listed of a group, and when it has to be gone. */
export interface RuledGroup {
  readonly group: ListedGroup;
  readonly rule: GroupRule;
}

/** For sorting: the longest due first. */
export function byDueDay(a: RuledGroup, b: RuledGroup): number {
  if (a.rule.dueDay !== b.rule.dueDay) return a.rule.dueDay < b.rule.dueDay ? -1 : 1;
  return groupName(a.group) < groupName(b.group) ? -1 : 1;
}
