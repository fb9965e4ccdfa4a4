import { formatBytes } from "../src/format-bytes.ts";
import { parseKey } from "../src/partition.ts";
import type { QueryReport } from "./query-report.ts";
import type { Question } from "./question.ts";
import { createInstantFormat } from "./time/format-instant.ts";

/** The first few keys are enough to go and look. */
const KEYS_NAMED = 5;

const DAYS_NAMED = 5;

/** What a question cost and found, in lines for the person who asked. */
export function summaryOf(report: QueryReport, durationMs: number): readonly string[] {
  const { days, objectsListed, objectsOpened, bytes, rowsGiven, rowsMatched } = report;
  const cost = [
    countOf(days, "day"),
    `${objectsOpened} of ${countOf(objectsListed, "object")} opened`,
    formatBytes(bytes),
    rowsGiven === rowsMatched ? countOf(rowsGiven, "row") : `${rowsGiven} of ${countOf(rowsMatched, "row")}`,
    `${(durationMs / 1000).toFixed(1)} s`,
  ];
  return [
    cost.join(", "),
    ...(objectsListed === 0 ? ["nothing is stored for these days; is it the right store?"] : []),
    ...named(report.unrecognised, "not made by hostlog and not read"),
    ...named(report.vanished, "gone between listing and reading, so their rows are missing above"),
    ...byDay(report.destroyed, {
      one: "is destroyed: its key is gone",
      many: "are destroyed: their key is gone",
    }),
    ...byDay(report.keyless, {
      one: "was not opened, so its rows are missing above: there is no key for it",
      many: "were not opened, so their rows are missing above: there is no key for them",
    }),
  ];
}

/** The range in UTC, and in the zone that was asked for. */
export function rangeText({ fromMs, toMs }: Pick<Question, "fromMs" | "toMs">, zone: string): string {
  const texts = [...new Set(["UTC", zone])].map((name) => {
    const format = createInstantFormat(name);
    return `${format(fromMs)} up to ${format(toMs)} (${name})`;
  });
  return texts.join(" = ");
}

interface Fate {
  /** What is said of one object, and of several. */
  readonly one: string;
  readonly many: string;
}

/** One line for each day, such as `3 objects of 2024-11-20 are destroyed: …`, and one for the rest of them. */
function byDay(keys: readonly string[], { one, many }: Fate): readonly string[] {
  const countOfDay = new Map<string, number>();
  for (const key of keys) {
    const day = parseKey(key)?.day ?? "an unknown day";
    countOfDay.set(day, (countOfDay.get(day) ?? 0) + 1);
  }
  const counts = [...countOfDay];
  const others = counts.slice(DAYS_NAMED);
  const rest = others.reduce((sum, [, count]) => sum + count, 0);
  return [
    ...counts.slice(0, DAYS_NAMED),
    ...(rest === 0 ? [] : [[`${others.length} more days`, rest] as const]),
  ].map(([days, count]) => `${countOf(count, "object")} of ${days} ${count === 1 ? one : many}`);
}

function named(keys: readonly string[], what: string): readonly string[] {
  if (keys.length === 0) return [];
  const rest = keys.length > KEYS_NAMED ? ` and ${keys.length - KEYS_NAMED} more` : "";
  return [`${countOf(keys.length, "object")} ${what}: ${keys.slice(0, KEYS_NAMED).join(", ")}${rest}`];
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
