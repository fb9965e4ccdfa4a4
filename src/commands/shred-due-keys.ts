import { counted } from "../keyring/counted.ts";
import type { KeyEntry, Keyring } from "../keyring/keyring.ts";
import { exportNames } from "../keyring/plan-alarms.ts";
import type { KeysDestroyedRecord } from "../ledger/key-record.ts";
import type { DayKeyName } from "../seal/day-key-name.ts";
import { readStoreIdentity } from "../store-identity.ts";
import type { Context } from "./context.ts";
import { destroyKeys, type KeyChain } from "./destroy-keys.ts";
import { keyringOf } from "./keyring-of.ts";

/** What there is of the store's keys on this machine. */
export type StoreKeys =
  /** The store is not sealed, or was never made. */
  | { readonly kind: "unsealed" }
  /** It is sealed, and its keyring is on another machine: nobody here knows what is due of it. */
  | { readonly kind: "elsewhere" }
  | { readonly kind: "here"; readonly keyring: Keyring; readonly entries: readonly KeyEntry[] };

/** Changes nothing. Throws UserError for a keyring that is damaged, or that others may read. */
export async function findKeys(context: Context): Promise<StoreKeys> {
  const identity = await readStoreIdentity(await context.openRoot("published"));
  if (identity === undefined || identity.seal === "none") return { kind: "unsealed" };
  const keyring = await keyringOf(context, identity.id);
  if (keyring === undefined) return { kind: "elsewhere" };
  return { kind: "here", keyring, entries: await keyring.entries() };
}

/**
 * Destroys keys before anything of their days is removed: from then on no copy of these days can be opened, wherever it
 * is. What a run that was killed has destroyed without coming to record it is recorded too. Undefined when there was
 * nothing to destroy and nothing to record.
 */
export async function shredKeys(
  context: Context,
  keys: StoreKeys,
  names: readonly DayKeyName[],
  chain: KeyChain,
): Promise<KeysDestroyedRecord | undefined> {
  if (keys.kind !== "here") return undefined;
  const destroyedBefore = keys.entries.filter(({ destroyedAt }) => destroyedAt !== undefined);
  return destroyKeys(context, keys.keyring, [...destroyedBefore, ...names], chain);
}

/** What a run that removes objects of raw or quarantine says where the keys are elsewhere. */
export const keysElsewhereText =
  'note: the keys of this store are not on this machine: run "hostlog keys destroy --due" each day on the one that has them; until then copies of the days removed here can still be opened\n';

/** For people. */
export function describeShredded({ keys, exportsOutstanding }: KeysDestroyedRecord): string {
  const days = new Set(keys.map(({ day }) => day)).size;
  const said = `${counted(keys.length, "key")} of ${counted(days, "day")} destroyed: no copy of what was sealed for them can be opened with what is left here`;
  if (exportsOutstanding.length === 0) return `${said}\n`;
  return `${said}, but for ${exportNames(exportsOutstanding)}\n`;
}
