import { formatBytes } from "../src/format-bytes.ts";
import { counted } from "../src/keyring/counted.ts";
import { renderTable } from "../src/keyring/render-table.ts";
import type { DayKeyName } from "../src/seal/day-key-name.ts";
import { terminalText } from "../src/terminal-text.ts";
import { type DayRun, dayRuns } from "./day-runs.ts";
import type { KeyDecision } from "./due-keys.ts";
import { planSections } from "./plan-sections.ts";
import type { PurgeDecision } from "./purge-decision.ts";
import type { RuledGroup } from "./ruled-group.ts";
import { wrapText } from "./wrap-text.ts";

/** More of them on a terminal hide the plan; JSON has all. */
const UNRECOGNISED_SHOWN_MAX = 20;
const RUNS_SHOWN_MAX = 40;

const COLUMNS_MAX = 100;

/** Names of classes have up to 31 characters; the rest of a row leaves room for these. */
const CLASS_SHOWN_MAX = 22;

/**
 * A decision for a terminal of 100 columns: what goes, what waits for what, what stays, and what nobody knows; what is
 * wrong comes at the end, and one line of totals ends it. `keys`: undefined where the keyring is not at hand.
 */
export function renderPlanTable(decision: PurgeDecision, keys?: KeyDecision): string {
  const sections = planSections(decision);
  const lines = sections.flatMap(({ heading, groups, isSummary }) => [
    ...heading.flatMap((line) => wrapText(line, COLUMNS_MAX)),
    ...runTable(dayRuns(groups, isSummary)),
    "",
  ]);
  if (decision.unrecognised.length > 0) lines.push(...unrecognisedLines(decision), "");
  if (sections.some(({ groups }) => groups.some(({ rule }) => rule.kind === "ceiling")))
    lines.push(CEILING_NOTE);
  if (keys !== undefined) lines.push(...keyLines(keys));
  lines.push(...overdueLines(decision));
  lines.push(...decision.refusals.flatMap(({ message }) => wrapText(`refused: ${message}`, COLUMNS_MAX)));
  lines.push(...wrapText(totals(decision), COLUMNS_MAX));
  return `${lines.join("\n")}\n`;
}

const CEILING_NOTE = "* the longest term: the config does not know the class";

function runTable(runs: readonly DayRun[]): readonly string[] {
  const shown = runs.slice(0, RUNS_SHOWN_MAX);
  const more = runs.length - shown.length;
  const rows = [["  VIEW", "CLASS", "DAYS", "DUE", "OBJECTS", "SIZE", "TERM"], ...shown.map(rowOf)];
  return [
    ...renderTable(rows, [4, 5]),
    ...(more > 0 ? [`  and ${counted(more, "more run")} of days (--output json names them)`] : []),
  ];
}

function rowOf({
  view,
  retentionClass,
  firstDay,
  lastDay,
  rule,
  objects,
  sizeBytes,
}: DayRun): readonly string[] {
  return [
    `  ${view}`,
    shortened(retentionClass),
    firstDay === lastDay ? firstDay : `${firstDay}..${lastDay}`,
    rule.dueDay,
    String(objects),
    formatBytes(sizeBytes),
    rule.kind === "hold" ? "hold" : `${rule.term}${rule.kind === "ceiling" ? "*" : ""}`,
  ];
}

function shortened(retentionClass: string): string {
  return retentionClass.length <= CLASS_SHOWN_MAX
    ? retentionClass
    : `${retentionClass.slice(0, CLASS_SHOWN_MAX - 1)}…`;
}

/** Days without an object have keys too, so they are due where no object is. */
function keyLines({ destroy, waiting }: KeyDecision): readonly string[] {
  const tooMany = waiting.filter(({ because }) => because === "many-days");
  const others = waiting.filter(({ because }) => because !== "many-days");
  const lines: string[] = [];
  if (destroy.length > 0) lines.push(`keys due: ${keysText(destroy)}; they are destroyed before any object`);
  if (others.length > 0) lines.push(`keys due that wait as their days do: ${keysText(others)}`);
  if (tooMany.length > 0) {
    const days = new Set(tooMany.map(({ day }) => day)).size;
    lines.push(`keys due of too many days at once, and kept: ${keysText(tooMany)}`);
    lines.push(`  when the clock and the terms are right: hostlog keys destroy --due --days ${days}`);
  }
  return lines;
}

function keysText(keys: readonly DayKeyName[]): string {
  const days = [...new Set(keys.map(({ day }) => day))].sort();
  const ofDays = days.length === 1 ? `of ${days[0]}` : `of ${days.length} days, ${days[0]} to ${days.at(-1)}`;
  return `${keys.length}, ${ofDays}`;
}

function unrecognisedLines({ unrecognised }: PurgeDecision): readonly string[] {
  const shown = unrecognised.slice(0, UNRECOGNISED_SHOWN_MAX);
  const more = unrecognised.length - shown.length;
  return [
    "not written by hostlog, and left alone:",
    ...shown.map(({ view, key }) => `  ${view} ${terminalText(key)}`),
    ...(more > 0 ? [`  and ${more} more (--output json names them)`] : []),
  ];
}

function overdueLines({ overdue }: PurgeDecision): readonly string[] {
  const since = overdue.map((one) => one.since).sort()[0];
  if (since === undefined) return [];
  const late = overdue.filter(({ goesNow }) => !goesNow);
  const still =
    late.length === 0
      ? "all of them go now"
      : `${late.length} of them still ${late.length === 1 ? "waits" : "wait"}`;
  const all = `${counted(overdue.length, "group")} (view, day and class), ${amount(overdue)}`;
  return wrapText(`overdue: ${all}, the longest since ${since.slice(0, 10)}; ${still}`, COLUMNS_MAX);
}

function totals({ today, destroy, resume, waiting, keep, unrecognised }: PurgeDecision): string {
  const goes = [...resume.flatMap(({ listed }) => listed ?? []), ...destroy];
  const due = goes.length === 0 ? "nothing due" : `${amount(goes)} due`;
  const waits = waiting.length === 0 ? "" : `, ${amount(waiting)} waiting`;
  const kept = keep.length === 0 ? "nothing kept" : `${amount(keep)} kept`;
  const strange = unrecognised.length === 0 ? "" : `, ${unrecognised.length} not recognised`;
  const next = [...waiting, ...keep]
    .map(({ rule }) => rule.dueDay)
    .filter((day) => day > today)
    .sort()[0];
  return `${today}: ${due}${waits}, ${kept}${strange}${next === undefined ? "" : `; next due ${next}`}`;
}

function amount(ruled: readonly RuledGroup[]): string {
  const objects = ruled.reduce((sum, { group }) => sum + group.objects, 0);
  const sizeBytes = ruled.reduce((sum, { group }) => sum + group.sizeBytes, 0);
  return `${counted(objects, "object")} (${formatBytes(sizeBytes)})`;
}
