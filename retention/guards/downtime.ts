import { MS_PER_DAY } from "../../src/day.ts";
import type { NeededApproval } from "../../src/ledger/retention-record.ts";
import type { BittenGroups } from "./bitten-groups.ts";

/** As many missed days are made up unasked; after more, the clock may be wrong as well. */
const DOWNTIME_DAYS_MAX = 31;

/** Holds back all there is when no run came to its end for too long. A store in which none ever did has no such gap. */
export function afterDowntime(nowMs: number, lastRunMs: number | undefined): BittenGroups {
  if (lastRunMs === undefined || nowMs - lastRunMs <= DOWNTIME_DAYS_MAX * MS_PER_DAY) {
    return { has: () => false, approvals: [] };
  }
  const days = Math.floor((nowMs - lastRunMs) / MS_PER_DAY);
  const lastDay = new Date(lastRunMs).toISOString().slice(0, 10);
  const approval: NeededApproval = {
    kind: "downtime",
    message: `the last run came to its end ${days} days ago, on ${lastDay}; after more than ${DOWNTIME_DAYS_MAX} days somebody has to say that the clock is right`,
  };
  return { has: () => true, approvals: [approval] };
}
