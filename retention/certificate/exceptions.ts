import { MS_PER_DAY, startMs } from "../../src/day.ts";
import { counted } from "../../src/keyring/counted.ts";
import type { PurgeCertificateRecord } from "../../src/ledger/retention-record.ts";

export type ExceptionFacts = Pick<
  PurgeCertificateRecord,
  "at" | "clock" | "rule" | "keys" | "holds" | "unrecordedObjects"
>;

/** What must not be overlooked on a certificate, in plain words; empty when all went as it should. */
export function exceptionsOf({
  at,
  clock,
  rule,
  keys,
  holds,
  unrecordedObjects,
}: ExceptionFacts): readonly string[] {
  const exceptions: string[] = [];
  if (clock === "argument") exceptions.push("a drill: the clock was given by --now");
  const lateDays = Math.floor((Date.parse(at) - startMs(rule.dueDay)) / MS_PER_DAY);
  if (lateDays > 0) exceptions.push(`gone ${counted(lateDays, "day")} later than promised`);
  if (keys.kind === "outstanding") {
    exceptions.push(
      "its key is kept on another machine, and was not recorded as destroyed by then: copies that lie elsewhere could still be opened",
    );
  }
  if (keys.kind === "destroyed" && keys.exportsOutstanding.length > 0) {
    exceptions.push(
      `its key was in ${counted(keys.exportsOutstanding.length, "export")} of the keyring that nobody had confirmed gone by then (${keys.exportsOutstanding.join(", ")})`,
    );
  }
  for (const { hold, objectsMissed } of holds) {
    if (objectsMissed === 0) continue;
    exceptions.push(
      `${counted(objectsMissed, "object")} had not been looked through for hold ${hold}: what it should keep of them is gone`,
    );
  }
  if (unrecordedObjects > 0) {
    exceptions.push(
      `${counted(unrecordedObjects, "object")} that no record named: their rows and hashes are not known`,
    );
  }
  return exceptions;
}
