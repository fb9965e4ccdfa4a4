import type { Config } from "../../config/config.ts";
import { type Day, daysBetween } from "../day.ts";
import { lastDayKept, type Term } from "../term.ts";
import type { RootName } from "./finding.ts";

/** The longest that anything is kept in a root, in days from `today` on; undefined: for ever. */
export function termDaysOf(
  subject: RootName,
  { classes, quarantineTerm }: Pick<Config, "classes" | "quarantineTerm">,
  today: Day,
): number | undefined {
  const days = (term: Term): number => daysBetween(today, lastDayKept(today, term));
  switch (subject) {
    case "raw":
    case "analytics":
      return Math.max(...Object.values(classes).map((terms) => days(terms[subject])));
    case "quarantine":
      return days(quarantineTerm);
    case "ledger":
    case "published":
      return undefined;
  }
}
