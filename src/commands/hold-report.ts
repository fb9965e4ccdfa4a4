import type { Day } from "../day.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import type { Hold } from "../holds/hold-state.ts";
import { counted } from "../keyring/counted.ts";
import { terminalText } from "../terminal-text.ts";
import type { Context } from "./context.ts";
import type { CopyReport } from "./copy-hold.ts";

/** The first few are enough to go and look. */
const NAMED_MAX = 5;

/** What came of copying for a hold, for people. `gone`: its days of which rows were destroyed before. */
export function reportLines(
  { id }: Pick<Hold, "id">,
  report: CopyReport,
  gone: readonly Day[],
): readonly string[] {
  const { lookedThrough, days, rows, copies, destroyed, keyless, vanished, unknown } = report;
  const done =
    lookedThrough === 0
      ? `hold ${id}: nothing came since`
      : `hold ${id}: ${counted(rows, "row")} copied into ${counted(copies, "object")}, from ${counted(lookedThrough, "object")} of ${counted(days, "day")}`;
  return [
    done,
    ...missing(gone, "day", "has rows that were destroyed before they could be held"),
    ...missing(destroyed, "object", "could not be looked through: the key is destroyed"),
    ...missing(keyless, "object", "could not be looked through: the key is lost"),
    ...missing(vanished, "object", "went before it could be looked through"),
    ...missing(unknown, "object", "lies in the hold's name, and no record says of what it was made"),
  ];
}

function missing(names: readonly string[], what: string, fate: string): readonly string[] {
  if (names.length === 0) return [];
  const rest = names.length > NAMED_MAX ? ` and ${names.length - NAMED_MAX} more` : "";
  return [
    `warning: ${counted(names.length, what)}, of which each ${fate}: ${names.slice(0, NAMED_MAX).join(", ")}${rest}`,
  ];
}

/** Throws UserError when rows that the hold should keep may be missing. */
export function refuseMissing({ id }: Pick<Hold, "id">, report: CopyReport, gone: readonly Day[]): void {
  if (report.keyless.length > 0) {
    throw new UserError(
      `hold ${id} stands, and is not whole: keys are lost; restore them (hostlog keys restore), then run "hostlog hold copy ${id}"`,
      exitCode.integrity,
    );
  }
  if (gone.length + report.destroyed.length + report.vanished.length + report.unknown.length === 0) return;
  throw new UserError(
    `hold ${id} stands, and does not keep all rows of its days, see above`,
    exitCode.partial,
  );
}

export function daysText({ firstDay, lastDay }: Pick<Hold, "firstDay" | "lastDay">): string {
  return firstDay === lastDay ? firstDay : `${firstDay} to ${lastDay}`;
}

export function say({ stdout }: Context, lines: readonly string[]): void {
  for (const line of lines) stdout.write(`${terminalText(line)}\n`);
}
