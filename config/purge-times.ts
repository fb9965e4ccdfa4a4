import { validateDetailed } from "node-cron";
import { MS_PER_DAY } from "../src/day.ts";

const DAYS_OF_MONTH = 31;
const MONTHS = 12;
const DAYS_OF_WEEK = 7;
const MS_PER_MINUTE = 60_000;

/**
 * What is wrong with a cron expression as the times of a purge, or undefined. It must come on every day:
 * what is due is promised to be gone within 24 hours.
 */
export function problemOfSchedule(expression: string): string | undefined {
  if (expression.trim().split(/\s+/).length !== 5) return "write five fields, in UTC, such as 17 2 * * *";
  const { valid: isValid, fields } = validateDetailed(expression);
  if (!isValid || fields === undefined) return "this is no cron expression: write one such as 17 2 * * *";
  const isDaily =
    fields.dayOfMonth.length === DAYS_OF_MONTH &&
    fields.month.length === MONTHS &&
    fields.dayOfWeek.length === DAYS_OF_WEEK;
  return isDaily
    ? undefined
    : "what is due is promised to be gone within a day: end the expression with * * *";
}

/**
 * The latest time at or before `nowMs` at which a purge was to run. `expression` is one that
 * {@link problemOfSchedule} has nothing against.
 */
export function lastPurgeTimeMs(expression: string, nowMs: number): number {
  const { fields } = validateDetailed(expression);
  if (fields === undefined) throw new Error(`no schedule: ${expression}`);
  const dayMs = Math.floor(nowMs / MS_PER_DAY) * MS_PER_DAY;
  const timesOfDay = fields.hour.flatMap((hour) =>
    fields.minute.map((minute) => (hour * 60 + minute) * MS_PER_MINUTE),
  );
  const today = timesOfDay.filter((time) => dayMs + time <= nowMs);
  return today.length > 0 ? dayMs + Math.max(...today) : dayMs - MS_PER_DAY + Math.max(...timesOfDay);
}
