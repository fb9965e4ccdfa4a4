import { dayOfMs } from "../day.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import type { KeyExport } from "../keyring/key-export.ts";
import type { Keyring } from "../keyring/keyring.ts";
import { daysSince, isOutstanding } from "../keyring/keyring-sight.ts";
import { EXPORT_AGE_DAYS_MAX, exportNames } from "../keyring/plan-alarms.ts";

/** Exports that hold keys which were destroyed here, and that nobody has confirmed gone. */
export async function outstandingExports(keyring: Keyring): Promise<readonly KeyExport[]> {
  const held = new Set(
    (await keyring.entries()).flatMap(({ destroyedAt, exportedIn }) =>
      destroyedAt === undefined ? [] : (exportedIn ?? []),
    ),
  );
  return (await keyring.exports()).filter((one) => isOutstanding(one) && held.has(one.number));
}

/** A line for people; empty without any. */
export function describeOutstanding(exports: readonly KeyExport[]): string {
  if (exports.length === 0) return "";
  const names = exportNames(exports.map(({ number }) => number));
  return `warning: destroyed here; copies outstanding: ${exports.length} (${names}): make a new export, destroy every copy of the old, then run hostlog keys gone NUMBER --reason TEXT\n`;
}

/**
 * An export is made anew each month, and until then it holds the keys that were destroyed meanwhile. One that is older has
 * been forgotten: undefined while there is none.
 */
export function whatIsForgotten(exports: readonly KeyExport[], nowMs: number): UserError | undefined {
  const today = dayOfMs(nowMs);
  const old = exports.filter(({ at }) => daysSince(at, today) > EXPORT_AGE_DAYS_MAX);
  if (old.length === 0) return undefined;
  return new UserError(
    `${exportNames(old.map(({ number }) => number))} hold${old.length === 1 ? "s" : ""} keys still that were destroyed here, and ${old.length === 1 ? "is" : "are"} more than ${EXPORT_AGE_DAYS_MAX} days old: replace what is kept elsewhere with a new one (hostlog keys export), destroy every copy of the old, then note it with hostlog keys gone NUMBER --reason TEXT`,
    exitCode.partial,
  );
}
