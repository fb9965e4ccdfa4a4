import { formatBytes } from "../src/format-bytes.ts";
import { counted } from "../src/keyring/counted.ts";
import type { PurgeFailure, PurgeReport, WrittenCertificate } from "./io/purge-world.ts";

/** More of them on a terminal hide the outcome; JSON has all. */
const SHOWN_MAX = 20;

/** What a run did: what it destroyed, and what it wrote down. */
export interface RunReport extends PurgeReport {
  readonly plans: readonly ReportedPlan[];
  /** How many groups had to be gone a day ago and are still there. */
  readonly overdue: number;
  /** What to note elsewhere; undefined when the run did not come to its end. */
  readonly checkpoint: { readonly sequence: number; readonly sha256: string } | undefined;
}

/** A plan that it recorded. */
export interface ReportedPlan {
  readonly sequence: number;
  readonly groups: number;
  readonly needsApproval: boolean;
}

/**
 * For a terminal: what failed, what is to be known of what was certified, then a line of totals and the checkpoint.
 */
export function renderReportTable(report: RunReport): string {
  const { certificates, failures, plans, isComplete, checkpoint } = report;
  const notable = certificates.filter(({ exceptions }) => exceptions.length > 0);
  const lines = [
    ...shorten(failures.map(describeFailure)),
    ...shorten(notable.map(describeExceptions)),
    ...plans.map(describePlan),
  ];
  if (certificates.length > 0 || failures.length > 0 || !isComplete) lines.push(totals(report));
  if (checkpoint !== undefined) lines.push(`checkpoint ${checkpoint.sequence} ${checkpoint.sha256}`);
  return lines.map((line) => `${line}\n`).join("");
}

/** For programs, on one line. */
export function renderReportJson(report: RunReport): string {
  const { certificates, failures, plans, overdue, isComplete, checkpoint } = report;
  const fields = {
    kind: "purge-report",
    certificates: certificates.map(({ sequence, group, objects, sizeBytes, exceptions }) => ({
      record: sequence,
      view: group.view,
      day: group.day,
      class: group.retentionClass,
      objects,
      size_bytes: sizeBytes,
      exceptions,
    })),
    removed_objects: sum(certificates, ({ objects }) => objects),
    removed_bytes: sum(certificates, ({ sizeBytes }) => sizeBytes),
    failures,
    plans: plans.map(({ sequence, groups, needsApproval }) => ({
      record: sequence,
      groups,
      needs_approval: needsApproval,
    })),
    overdue,
    complete: isComplete,
    checkpoint: checkpoint ?? null,
  };
  return `${JSON.stringify(fields)}\n`;
}

function totals({ certificates, failures, isComplete }: RunReport): string {
  const objects = counted(
    sum(certificates, (one) => one.objects),
    "object",
  );
  const size = formatBytes(sum(certificates, ({ sizeBytes }) => sizeBytes));
  const end = isComplete ? "" : "; ended early, the rest is done by the next run";
  return `destroyed: ${objects} (${size}), ${counted(certificates.length, "certificate")}, failures: ${failures.length}${end}`;
}

function describePlan({ sequence, groups, needsApproval }: ReportedPlan): string {
  const said = `plan ${sequence} recorded, of ${counted(groups, "group")} (view, day and class)`;
  return needsApproval ? `${said}; it waits for: hostlog retention approve ${sequence} --reason "…"` : said;
}

function describeFailure({ view, key, message }: PurgeFailure): string {
  return `not removed: ${view} ${key}: ${message}`;
}

function describeExceptions({ sequence, group, exceptions }: WrittenCertificate): string {
  const { view, day, retentionClass } = group;
  return `certificate ${sequence}, ${view} of ${day}, ${retentionClass}: ${exceptions.join("; ")}`;
}

function shorten(lines: readonly string[]): readonly string[] {
  const more = lines.length - SHOWN_MAX;
  return more <= 0 ? lines : [...lines.slice(0, SHOWN_MAX), `and ${more} more (--output json names them)`];
}

function sum<Item>(items: readonly Item[], pick: (item: Item) => number): number {
  return items.reduce((total, item) => total + pick(item), 0);
}
