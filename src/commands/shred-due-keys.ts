import { DAYS_AT_ONCE_MAX, dueKeys } from "../../retention/due-keys.ts";
import { dayOfMs } from "../day.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { counted } from "../keyring/counted.ts";
import type { Keyring } from "../keyring/keyring.ts";
import { exportNames } from "../keyring/plan-alarms.ts";
import type { KeysDestroyedRecord } from "../ledger/key-record.ts";
import type { DayKeyName } from "../seal/day-key-name.ts";
import { readStoreIdentity } from "../store-identity.ts";
import type { Context } from "./context.ts";
import { destroyKeys } from "./destroy-keys.ts";
import { keyringOf } from "./keyring-of.ts";

/** What there is of the store's keys on this machine. */
export type DueKeys =
  /** The store is not sealed, or was never made. */
  | { readonly kind: "unsealed" }
  /** It is sealed, and its keyring is on another machine: nobody here knows what is due of it. */
  | { readonly kind: "elsewhere" }
  | {
      readonly kind: "here";
      readonly keyring: Keyring;
      readonly due: readonly DayKeyName[];
      /** A run that was killed may not have recorded them. */
      readonly destroyedBefore: readonly DayKeyName[];
    };

/** Changes nothing. Throws UserError for a keyring that is damaged, or that others may read. */
export async function findDueKeys(context: Context): Promise<DueKeys> {
  const identity = await readStoreIdentity(await context.openRoot("published"));
  if (identity === undefined || identity.seal === "none") return { kind: "unsealed" };
  const keyring = await keyringOf(context, identity.id);
  if (keyring === undefined) return { kind: "elsewhere" };
  const entries = await keyring.entries();
  return {
    kind: "here",
    keyring,
    due: dueKeys(entries, context.config, dayOfMs(context.nowMs)),
    destroyedBefore: entries.filter(({ destroyedAt }) => destroyedAt !== undefined),
  };
}

/**
 * Destroys the keys that are due, before anything of their days is removed: from then on no copy of these days can be
 * opened, wherever it is. Undefined when there was nothing to destroy and nothing to record. Throws UserError, and
 * has destroyed nothing, when they are of too many days at once.
 */
export async function shredDueKeys(
  context: Context,
  found: DueKeys,
): Promise<KeysDestroyedRecord | undefined> {
  if (found.kind !== "here") return undefined;
  const { keyring, due, destroyedBefore } = found;
  const days = countDays(due);
  if (days > DAYS_AT_ONCE_MAX) throw tooMany(days);
  return destroyKeys(context, keyring, [...destroyedBefore, ...due]);
}

/** What a run that removes objects of raw or quarantine says where the keys are elsewhere. */
export const keysElsewhereText =
  'note: the keys of this store are not on this machine: run "hostlog keys destroy --due" each day on the one that has them; until then copies of the days removed here can still be opened\n';

/** For people. */
export function describeShredded({ keys, exportsOutstanding }: KeysDestroyedRecord): string {
  const said = `${counted(keys.length, "key")} of ${counted(countDays(keys), "day")} destroyed: no copy of what was sealed for them can be opened with what is left here\n`;
  if (exportsOutstanding.length === 0) return said;
  return `${said}warning: destroyed here; copies outstanding: ${exportsOutstanding.length} (${exportNames(exportsOutstanding)})\n`;
}

function countDays(names: readonly DayKeyName[]): number {
  return new Set(names.map(({ day }) => day)).size;
}

function tooMany(days: number): UserError {
  return new UserError(
    `the keys of ${days} days are due at once, and at most ${DAYS_AT_ONCE_MAX} are destroyed unasked: nothing was destroyed or removed. If the clock and the terms of the config are right, run "hostlog keys destroy --due --days ${days}", then this again`,
    exitCode.partial,
  );
}
