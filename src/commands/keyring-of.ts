import { join } from "node:path";
import { openKeyring } from "../keyring/io/open-keyring.ts";
import type { Keyring } from "../keyring/keyring.ts";
import type { Context } from "./context.ts";

/** Where the keyring of a store lies on this machine: its folder is named by the store's id. */
export function keyringFolderOf({ keysDirectory }: Pick<Context, "keysDirectory">, storeId: string): string {
  return join(keysDirectory, storeId);
}

/**
 * The store's keyring on this machine; undefined when it is elsewhere, or was never made. Throws UserError for one
 * that is damaged, that others may read, or that is another store's.
 */
export async function keyringOf(context: Context, storeId: string): Promise<Keyring | undefined> {
  return openKeyring(keyringFolderOf(context, storeId), storeId);
}
