import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import type { Keyring } from "../keyring/keyring.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { readStoreIdentity, type StoreIdentity } from "../store-identity.ts";
import type { Context } from "./context.ts";
import { keyringFolderOf, keyringOf } from "./keyring-of.ts";

/** A sealed store, and its keyring on this machine. */
export interface KeysPlace {
  readonly identity: StoreIdentity;
  readonly keyring: Keyring;
  readonly published: ObjectStore;
}

/** Throws UserError where the store has no keys, or none are here. */
export async function openKeysPlace(context: Context): Promise<KeysPlace> {
  const { identity, published } = await openSealedStore(context);
  const keyring = await keyringOf(context, identity.id);
  if (keyring !== undefined) return { identity, keyring, published };
  throw new UserError(
    `there is no keyring of this store in ${keyringFolderOf(context, identity.id)}: run this on the machine that has it, or say where it is (keys.folder in the config, $HOSTLOG_KEYS); "hostlog init" makes the first, "hostlog keys restore" makes it from an export`,
    exitCode.config,
  );
}

/** Throws UserError for a store that was never made, and for one that keeps raw unsealed. */
export async function openSealedStore(context: Context): Promise<Omit<KeysPlace, "keyring">> {
  const published = await context.openRoot("published");
  const identity = await readStoreIdentity(published);
  if (identity === undefined) {
    throw new UserError(
      `nothing was ever put into the store of ${published.url}: if the URL is right, run "hostlog init"`,
      exitCode.config,
    );
  }
  if (identity.seal === "age") return { identity, published };
  throw new UserError(
    `the store of ${published.url} is not sealed (seal: none), so that it has no keys`,
    exitCode.usage,
  );
}

/** Under a made-up clock keys would be destroyed, or published as past, that nodes and investigators count on. */
export function refuseMadeUpClock({ nowIsArgument }: Context, { isDrill }: StoreIdentity): void {
  if (!nowIsArgument || isDrill) return;
  throw new UserError(
    "this store holds real visits: with --now its keys would be made and destroyed by a made-up clock; leave --now out, or use a store of its own for drills",
    exitCode.usage,
  );
}

/** When, and by which clock: what every record of keys begins with. */
export function stampOf({ nowMs, nowIsArgument }: Context): {
  readonly at: string;
  readonly clock: "system" | "argument";
} {
  return { at: new Date(nowMs).toISOString(), clock: nowIsArgument ? "argument" : "system" };
}
