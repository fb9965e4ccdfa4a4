import { formatBytes } from "../src/format-bytes.ts";
import type { DayKeyName } from "../src/seal/day-key-name.ts";
import { formatTerm } from "../src/term.ts";
import { terminalText } from "../src/terminal-text.ts";
import type { ListedObject, PurgePlan } from "./plan-purge.ts";
import type { Rule } from "./rule-for.ts";
import { type PlanGroup, summarisePlan } from "./summarise-plan.ts";

/** More of them on a terminal hide the plan; JSON has all. */
const UNRECOGNISED_SHOWN_MAX = 20;

/**
 * A plan for a terminal: what is due by view, day and class, and what nobody knows; one line of totals ends it.
 * `keys`: those that are due, which are destroyed before the objects; undefined where none are at hand.
 */
export function renderPlanTable(plan: PurgePlan, keys?: readonly DayKeyName[]): string {
  const { destroy, keep } = summarisePlan(plan);
  const lines: string[] = [];
  if (destroy.length > 0) lines.push(...table(destroy), "");
  if (plan.unrecognised.length > 0) lines.push(...unrecognisedLines(plan.unrecognised), "");
  if (keys !== undefined && keys.length > 0) lines.push(keysLine(keys));
  lines.push(totals(plan, keep[0]));
  return `${lines.join("\n")}\n`;
}

/** A plan for programs, on one line. What is kept is summed up by view, day and class; `keys` are null without any at hand. */
export function renderPlanJson(plan: PurgePlan, keys?: readonly DayKeyName[]): string {
  const fields = {
    kind: "purge-plan",
    today: plan.today,
    destroy: plan.destroy.map(({ view, key, sizeBytes, day, retentionClass, dueDay, rule }) => ({
      view,
      key,
      size_bytes: sizeBytes,
      day,
      class: retentionClass,
      due: dueDay,
      rule: rule.kind,
      term: formatTerm(rule.term),
    })),
    keep: summarisePlan(plan).keep.map(({ view, day, retentionClass, objects, sizeBytes, dueDay, rule }) => ({
      view,
      day,
      class: retentionClass,
      objects,
      size_bytes: sizeBytes,
      due: dueDay ?? null,
      rule: rule.kind,
      term: formatTerm(rule.term),
    })),
    unrecognised: plan.unrecognised.map(({ view, key, sizeBytes }) => ({ view, key, size_bytes: sizeBytes })),
    keys: keys?.map(({ view, day, retentionClass }) => ({ view, day, class: retentionClass })) ?? null,
  };
  return `${JSON.stringify(fields)}\n`;
}

function table(groups: readonly PlanGroup[]): readonly string[] {
  const rows = [
    ["DUE", "VIEW", "DAY", "CLASS", "OBJECTS", "SIZE", "WHY"],
    ...groups.map(({ view, day, retentionClass, objects, sizeBytes, dueDay, rule }) => [
      dueDay ?? "never",
      view,
      day,
      retentionClass,
      String(objects),
      formatBytes(sizeBytes),
      `${formatTerm(rule.term)}, ${reasonOfRule[rule.kind]}`,
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => align(cell, column, widths)).join("  "));
}

function align(cell: string, column: number, widths: readonly number[]): string {
  const isNumber = column === 4 || column === 5;
  if (column === widths.length - 1) return cell;
  return isNumber ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
}

const reasonOfRule = {
  class: "the term of its class",
  ceiling: "the longest term: the config does not know its class",
  quarantine: "the term of quarantine",
} as const satisfies Record<Rule["kind"], string>;

/** Days without an object have keys too, so they are due where no object is. */
function keysLine(keys: readonly DayKeyName[]): string {
  const days = [...new Set(keys.map(({ day }) => day))].sort();
  const ofDays = days.length === 1 ? `of ${days[0]}` : `of ${days.length} days, ${days[0]} to ${days.at(-1)}`;
  return `keys due: ${keys.length}, ${ofDays}; they are destroyed before any object`;
}

function unrecognisedLines(objects: readonly ListedObject[]): readonly string[] {
  const shown = objects.slice(0, UNRECOGNISED_SHOWN_MAX);
  const more = objects.length - shown.length;
  return [
    "not written by hostlog, and left alone:",
    ...shown.map(({ view, key }) => `  ${view} ${terminalText(key)}`),
    ...(more > 0 ? [`  and ${more} more (--output json names them)`] : []),
  ];
}

function totals({ today, destroy, keep, unrecognised }: PurgePlan, next: PlanGroup | undefined): string {
  const due = destroy.length === 0 ? "nothing due" : `${amount(destroy)} due`;
  const kept = keep.length === 0 ? "nothing kept" : `${amount(keep)} kept`;
  const strange = unrecognised.length === 0 ? "" : `, ${unrecognised.length} not recognised`;
  return `${today}: ${due}, ${kept}${strange}${next?.dueDay === undefined ? "" : `; next due ${next.dueDay}`}`;
}

function amount(objects: readonly ListedObject[]): string {
  const sizeBytes = objects.reduce((sum, object) => sum + object.sizeBytes, 0);
  return `${objects.length} ${objects.length === 1 ? "object" : "objects"} (${formatBytes(sizeBytes)})`;
}
