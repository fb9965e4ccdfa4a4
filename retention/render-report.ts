import { formatBytes } from "../src/format-bytes.ts";
import type { PurgeFailure, PurgeReport } from "./execute-purge.ts";

/** More of them on a terminal hide the outcome; JSON has all. */
const FAILURES_SHOWN_MAX = 20;

/** What a run did, for a terminal: what failed, then one line of totals. Empty when there was nothing to do. */
export function renderReportTable(report: PurgeReport): string {
  const { removedObjects, removedBytes, failures, isComplete } = report;
  if (removedObjects === 0 && failures.length === 0 && isComplete) return "";
  const more = failures.length - FAILURES_SHOWN_MAX;
  const lines = [
    ...failures.slice(0, FAILURES_SHOWN_MAX).map(describeFailure),
    ...(more > 0 ? [`and ${more} more (--output json names them)`] : []),
    `removed and verified: ${removedObjects} (${formatBytes(removedBytes)}), failures: ${failures.length}` +
      (isComplete ? "" : "; ended early, the rest is done by the next run"),
  ];
  return `${lines.join("\n")}\n`;
}

/** What a run did, for programs, on one line. */
export function renderReportJson({
  removedObjects,
  removedBytes,
  failures,
  isComplete,
}: PurgeReport): string {
  const fields = {
    kind: "purge-report",
    removed_objects: removedObjects,
    removed_bytes: removedBytes,
    failures,
    complete: isComplete,
  };
  return `${JSON.stringify(fields)}\n`;
}

function describeFailure({ view, key, message }: PurgeFailure): string {
  return `not removed: ${view} ${key}: ${message}`;
}
