import type { Custodian } from "../custodian/custodian.ts";
import { createLocalCustodian } from "../custodian/io/local-custodian.ts";
import { connectCustodian } from "../custodian/io/remote-custodian.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { readStoreIdentity } from "../store-identity.ts";
import type { Context } from "./context.ts";
import { keyringFolderOf, keyringOf } from "./keyring-of.ts";

/**
 * The custodian of the config's `custodian.url`, else the small keyring on this machine. Throws UserError that says
 * what to do when there is neither.
 */
export async function openCustodian(context: Context): Promise<Custodian> {
  const { custodian } = context.config;
  const published = await context.openRoot("published");
  const identity = await readStoreIdentity(published);
  if (identity === undefined) {
    throw new UserError(
      `nothing was ever put into the store of ${published.url}; is the URL right?`,
      exitCode.config,
    );
  }
  if (custodian !== undefined) return connectCustodian(custodian, identity.id);
  const keyring = await keyringOf(context, identity.id);
  if (keyring === undefined) {
    throw new UserError(
      `this store is sealed, and its keyring is not in ${keyringFolderOf(context, identity.id)}; name the custodian in the config (custodian.url), or ask on the machine that has the keyring (HOSTLOG_KEYS or keys.folder says where)`,
      exitCode.config,
    );
  }
  if (keyring.kind === "team") {
    throw new UserError(
      `the keyring in ${keyring.folder} is a team's, and look-ups do not unlock it; start "hostlog custodian" there, and name it in the config (custodian.url)`,
      exitCode.config,
    );
  }
  return createLocalCustodian(await keyring.unlock({ identities: [], passphrase: undefined }));
}
