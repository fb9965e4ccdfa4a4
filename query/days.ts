import { addDays, type Day, dayOfMs } from "../src/day.ts";
import type { Question } from "./question.ts";

/**
 * The UTC days that can hold an answer, ascending. An event's time decides its partition, so it is exactly
 * these: nothing else is listed or opened.
 */
export function daysOf({ fromMs, toMs }: Pick<Question, "fromMs" | "toMs">): readonly Day[] {
  const days: Day[] = [];
  const last = dayOfMs(toMs - 1);
  for (let day = dayOfMs(fromMs); day <= last; day = addDays(day, 1)) {
    days.push(day);
    if (day === last) break;
  }
  return days;
}
