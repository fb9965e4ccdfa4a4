import type { NeededApproval } from "../../src/ledger/retention-record.ts";
import type { View } from "../../src/view.ts";
import type { ListedGroup } from "../listing-summary.ts";
import type { RuledGroup } from "../ruled-group.ts";
import type { BittenGroups } from "./bitten-groups.ts";

/** So few days go unasked however much of a view they are: a store that is nearly empty must not stand still. */
const DAYS_OF_ANY_SHARE_MAX = 3;

/** More of a view's bytes than this, of more days than those, are what nobody may notice too late. */
const SHARE_AT_ONCE_MAX = 0.25;

/** `listed`: all that there is. Counted by due day, as in `tooManyDueDays`. */
export function tooMuchOfView(
  candidates: readonly RuledGroup[],
  listed: readonly ListedGroup[],
): BittenGroups {
  const approvals: NeededApproval[] = [];
  const bitten = new Set<View>();
  for (const view of new Set(candidates.map(({ group }) => group.view))) {
    const ofView = candidates.filter(({ group }) => group.view === view);
    const days = new Set(ofView.map(({ rule }) => rule.dueDay)).size;
    const share =
      sumBytes(ofView.map(({ group }) => group)) / sumBytes(listed.filter((group) => group.view === view));
    if (days <= DAYS_OF_ANY_SHARE_MAX || !(share > SHARE_AT_ONCE_MAX)) continue;
    bitten.add(view);
    const percent = Math.floor(share * 1000) / 10;
    approvals.push({
      kind: "large-share",
      message: `${view}: ${days} days at once are ${percent} % of its bytes, more than ${SHARE_AT_ONCE_MAX * 100} %`,
    });
  }
  return { has: ({ group }) => bitten.has(group.view), approvals };
}

function sumBytes(groups: readonly ListedGroup[]): number {
  return groups.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
