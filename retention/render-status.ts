import { formatBytes } from "../src/format-bytes.ts";
import type { RetentionStatus, ViewStatus } from "./retention-status.ts";

const SECONDS_PER_DAY = 86_400;

/** A status for people: what there is, and then what somebody has to see to. */
export function renderStatusText(status: RetentionStatus): string {
  const { lastRunMs, checkpointMs, nextDueDay, holds, exportsOutstanding, alarms } = status;
  const lines = [
    ...status.views.map(viewLine),
    `next due        ${nextDueDay ?? "nothing"}`,
    `last run        ${timeOf(lastRunMs)}`,
    `last checkpoint ${timeOf(checkpointMs)}`,
    `holds           ${holds}`,
    `exports of keys that hold destroyed ones: ${exportsOutstanding}`,
    ...(alarms.length === 0 ? ["nothing to see to"] : alarms.map((alarm) => `! ${alarm}`)),
  ];
  return `${lines.join("\n")}\n`;
}

/** The same on one line of JSON; times are ISO 8601, null where there is none. */
export function renderStatusJson(status: RetentionStatus): string {
  const fields = {
    kind: "retention-status",
    at: new Date(status.nowMs).toISOString(),
    views: status.views.map((view) => ({
      view: view.view,
      listed: view.isListed,
      objects: view.objects,
      size_bytes: view.sizeBytes,
      oldest_readable_day: view.oldestReadableDay ?? null,
      oldest_readable_age_seconds: view.oldestReadableAgeSeconds,
    })),
    overdue_groups: status.overdueGroups,
    waiting_groups: status.waitingGroups,
    plans_to_approve: status.plansToApprove,
    next_due_day: status.nextDueDay ?? null,
    last_run: isoOf(status.lastRunMs),
    last_checkpoint: isoOf(status.checkpointMs),
    holds: status.holds,
    exports_outstanding: status.exportsOutstanding,
    alarms: status.alarms,
  };
  return `${JSON.stringify(fields)}\n`;
}

function viewLine({ view, isListed, objects, sizeBytes, oldestReadableDay, ...rest }: ViewStatus): string {
  const name = view.padEnd(15);
  if (!isListed) return `${name} could not be listed`;
  const days = Math.floor(rest.oldestReadableAgeSeconds / SECONDS_PER_DAY);
  const oldest =
    oldestReadableDay === undefined
      ? "nothing can be read"
      : `the oldest day that can be read is ${oldestReadableDay}, ${days === 1 ? "a day" : `${days} days`} ago`;
  const what = objects === 1 ? "1 object" : `${objects.toLocaleString("en-US")} objects`;
  return `${name} ${what}, ${formatBytes(sizeBytes)}; ${oldest}`;
}

function timeOf(timeMs: number | undefined): string {
  return isoOf(timeMs) ?? "never";
}

function isoOf(timeMs: number | undefined): string | null {
  return timeMs === undefined ? null : new Date(timeMs).toISOString();
}
