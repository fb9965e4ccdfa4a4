import { addDays, type Day } from "../day.ts";
import { dayKeyNameOf, sealedViews } from "../seal/day-key-name.ts";
import { terminalText } from "../terminal-text.ts";
import type { OpenRequest } from "./custodian.ts";

/** Of a certificate's name. */
const ASKER_LENGTH_MAX = 100;

/**
 * A request in one line, for the custodian's log: who asked, how much, and of which days. It names no object, as
 * which objects were opened tells what was looked for.
 */
export function renderRequest(request: OpenRequest, asker: string): string {
  const { lookup, purpose, headers } = request;
  const days = sealedViews.flatMap((view) => {
    const keys = headers.filter((header) => header.view === view).map(({ key }) => key);
    const found = new Set(keys.flatMap((key) => dayKeyNameOf(view, key)?.day ?? []));
    return found.size === 0 ? [] : [`${view} ${renderDays([...found].sort())}`];
  });
  const objects = headers.length === 1 ? "1 object" : `${headers.length} objects`;
  const who = terminalText(asker.slice(0, ASKER_LENGTH_MAX));
  const what = request.case === undefined ? purpose : `${purpose} (${terminalText(request.case)})`;
  return `look-up ${lookup}: ${what} by ${who}, ${objects}: ${days.join("; ")}`;
}

/** `2026-11-01 to 2026-11-05, 2026-11-09`, of days in order. */
function renderDays(days: readonly Day[]): string {
  const ranges: { readonly first: Day; last: Day }[] = [];
  for (const day of days) {
    const range = ranges.at(-1);
    if (range !== undefined && addDays(range.last, 1) === day) range.last = day;
    else ranges.push({ first: day, last: day });
  }
  return ranges.map(({ first, last }) => (first === last ? first : `${first} to ${last}`)).join(", ");
}
