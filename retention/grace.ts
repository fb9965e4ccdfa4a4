import { MS_PER_DAY } from "../src/day.ts";

/** How long a plan can be cancelled before anything of it is destroyed. */
export const GRACE_MS = 2 * MS_PER_DAY;

/** How long before their due instant groups are planned: with a run each day, the grace of the plan is over by then. */
export const PLANNED_AHEAD_MS = GRACE_MS + MS_PER_DAY;

/** How long after its due instant something must be gone at the latest. */
export const OVERDUE_AFTER_MS = MS_PER_DAY;
