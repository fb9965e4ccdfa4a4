import { formatBytes } from "../src/format-bytes.ts";
import type { QueryReport } from "./query-report.ts";
import type { Question } from "./question.ts";
import { createInstantFormat } from "./time/format-instant.ts";

/** The first few keys are enough to go and look. */
const KEYS_NAMED = 5;

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

function named(keys: readonly string[], what: string): readonly string[] {
  if (keys.length === 0) return [];
  const rest = keys.length > KEYS_NAMED ? ` and ${keys.length - KEYS_NAMED} more` : "";
  return [`${countOf(keys.length, "object")} ${what}: ${keys.slice(0, KEYS_NAMED).join(", ")}${rest}`];
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
