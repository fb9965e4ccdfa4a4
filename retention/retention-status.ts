import { type Day, MS_PER_DAY } from "../src/day.ts";
import type { View } from "../src/view.ts";
import { views } from "../src/view.ts";
import type { ListedGroup } from "./listing-summary.ts";
import type { PurgeDecision } from "./purge-decision.ts";

/** How long a store may go without a retention run that came to its end: a night, and some. */
const RUN_AGE_MAX_MS = 26 * 3_600_000;

/** What a status is made of, beside the decision. */
export interface StatusSight {
  readonly groups: readonly ListedGroup[];
  readonly unlistedViews: readonly View[];
  readonly decision: PurgeDecision;
  /** True for a group whose key is destroyed: it is listed, and nobody can read it. */
  readonly isShredded: (group: ListedGroup) => boolean;
  readonly lastRunMs: number | undefined;
  readonly checkpointMs: number | undefined;
  readonly holds: number;
  /** In words; empty without any. */
  readonly holdAlarms: readonly string[];
  readonly exportsOutstanding: number;
  /** In words: exports that should have been replaced; undefined without any. */
  readonly exportAlarm: string | undefined;
}

export interface RetentionStatus {
  readonly nowMs: number;
  readonly views: readonly ViewStatus[];
  readonly overdueGroups: number;
  readonly waitingGroups: number;
  readonly plansToApprove: number;
  /** When something is due next, overdue things left aside; undefined when nothing is kept. */
  readonly nextDueDay: Day | undefined;
  readonly lastRunMs: number | undefined;
  readonly checkpointMs: number | undefined;
  readonly holds: number;
  readonly exportsOutstanding: number;
  /** What somebody has to see to, in sentences. */
  readonly alarms: readonly string[];
}

export interface ViewStatus {
  readonly view: View;
  readonly isListed: boolean;
  readonly objects: number;
  readonly sizeBytes: number;
  /** The oldest day of which something can be read; undefined when nothing can. */
  readonly oldestReadableDay: Day | undefined;
  /** Since its 00:00 UTC. 0 when nothing can be read. */
  readonly oldestReadableAgeSeconds: number;
}

export function retentionStatus(sight: StatusSight): RetentionStatus {
  const { decision, lastRunMs, checkpointMs } = sight;
  const { nowMs, overdue, waiting, keep } = decision;
  const approvals = new Set(
    waiting.flatMap(({ because }) => (because.kind === "approval" ? [String(because.plan)] : [])),
  );
  return {
    nowMs,
    views: views.map((view) => viewStatus(view, sight)),
    overdueGroups: overdue.length,
    waitingGroups: waiting.length,
    plansToApprove: approvals.size,
    nextDueDay: keep[0]?.rule.dueDay,
    lastRunMs,
    checkpointMs,
    holds: sight.holds,
    exportsOutstanding: sight.exportsOutstanding,
    alarms: alarmsOf(sight, approvals),
  };
}

function viewStatus(view: View, { groups, unlistedViews, isShredded, decision }: StatusSight): ViewStatus {
  const ofView = groups.filter((group) => group.view === view);
  const readable = ofView.filter((group) => !isShredded(group)).map(({ day }) => day);
  const oldest = readable.reduce<Day | undefined>(
    (least, day) => (least === undefined || day < least ? day : least),
    undefined,
  );
  const ageMs = oldest === undefined ? 0 : decision.nowMs - Date.parse(`${oldest}T00:00:00Z`);
  return {
    view,
    isListed: !unlistedViews.includes(view),
    objects: ofView.reduce((sum, { objects }) => sum + objects, 0),
    sizeBytes: ofView.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    oldestReadableDay: oldest,
    oldestReadableAgeSeconds: Math.max(0, Math.round(ageMs / 1000)),
  };
}

function alarmsOf(
  { decision, groups, lastRunMs, unlistedViews, holdAlarms, exportAlarm }: StatusSight,
  approvals: ReadonlySet<string>,
): readonly string[] {
  const { nowMs, overdue, refusals } = decision;
  const alarms: string[] = [];
  for (const view of unlistedViews) alarms.push(`${view} cannot be listed: nobody knows what lies there`);
  const [longest] = overdue;
  if (longest !== undefined) {
    const days = Math.floor((nowMs - Date.parse(longest.since)) / MS_PER_DAY);
    alarms.push(
      `${overdue.length} of view, day and class should be gone and are there, the longest for ${days} days (${longest.group.view} of ${longest.group.day}): see hostlog retention plan`,
    );
  }
  if (groups.length > 0 && (lastRunMs === undefined || nowMs - lastRunMs > RUN_AGE_MAX_MS)) {
    const when = lastRunMs === undefined ? "never" : `last on ${new Date(lastRunMs).toISOString()}`;
    alarms.push(`retention run came to its end ${when}: see to its timer, and run it by hand`);
  }
  if (approvals.size > 0) {
    alarms.push(`plans wait for approval (${[...approvals].join(", ")}): see hostlog retention plan`);
  }
  for (const { message } of refusals) alarms.push(message);
  return [...alarms, ...holdAlarms, ...(exportAlarm === undefined ? [] : [exportAlarm])];
}
