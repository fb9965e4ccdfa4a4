import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { createKeyring } from "../keyring/io/create-keyring.ts";
import { isInsideStore } from "../keyring/is-inside-store.ts";
import type {
  CustodianSecrets,
  CustodianWish,
  Keyring,
  KeysMade,
  UnlockedKeyring,
} from "../keyring/keyring.ts";
import { newestSnapshot } from "../recipients/io/newest-snapshot.ts";
import { readStoreIdentity } from "../store-identity.ts";
import type { Context } from "./context.ts";
import { recordKeys } from "./key-ledger.ts";
import { keyringFolderOf, keyringOf } from "./keyring-of.ts";
import { refuseMadeUpClock, stampOf } from "./keys-place.ts";
import { refuseUnacceptedWriter } from "./ledger-writer.ts";
import { ensureKeys, type Publication, publishKeys } from "./publish-keys.ts";

/** What opens a small keyring. */
const noSecrets: CustodianSecrets = { identities: [], passphrase: undefined };

/**
 * Makes the small keyring of a store with its keys, publishes and records them. Of several processes at once all end
 * up with the same; one that was killed half-way is brought to its end by running this again. Throws UserError where
 * the store has a team's keyring, which nobody can unlock here.
 */
export async function makeSmallKeyring(context: Context, storeId: string): Promise<Keyring> {
  const keyring = await openOrCreate(context, storeId, { kind: "small" });
  if (keyring.kind === "team") {
    throw new UserError(
      `the keyring in ${keyring.folder} is a team's, and its keys are not published: run "hostlog keys publish"`,
      exitCode.config,
    );
  }
  const unlocked = await keyring.unlock(noSecrets);
  try {
    await bringUpToDate(context, unlocked);
  } finally {
    unlocked.close();
  }
  return keyring;
}

/** The keyring of a store; made so if there is none, of whatever kind it is if there is one. */
export async function openOrCreate(
  context: Context,
  storeId: string,
  custodian: CustodianWish,
): Promise<Keyring> {
  const found = await keyringOf(context, storeId);
  if (found !== undefined) return found;
  const folder = keyringFolderOf(context, storeId);
  refuseInsideStore(context, folder);
  await refuseSecond(context, folder);
  await refuseUnacceptedWriter(context);
  return createKeyring(folder, { storeId, at: stampOf(context).at, custodian });
}

/** Nodes seal for the keys that are published: others beside them open nothing, and stand in the way. */
async function refuseSecond(context: Context, folder: string): Promise<void> {
  const published = await context.openRoot("published");
  if ((await newestSnapshot(published)) === undefined) return;
  throw new UserError(
    `the keys of this store are published already, and their keyring is not in ${folder}: run this on the machine that has it, or say where it is (keys.folder in the config, $HOSTLOG_KEYS). If it is lost, "hostlog keys restore" makes it from an export`,
    exitCode.config,
  );
}

/** Whoever copies the store would have its keys. */
export function refuseInsideStore({ config }: Context, folder: string): void {
  if (!isInsideStore(folder, config.roots)) return;
  throw new UserError(
    `the keyring would lie in ${folder}, inside the store, and every copy of the store would hold the keys to itself: set keys.folder in the config, or $HOSTLOG_KEYS, to a folder elsewhere`,
    exitCode.config,
  );
}

/** Makes the keys that are missing, publishes them, and records all of it. */
export async function bringUpToDate(
  context: Context,
  unlocked: UnlockedKeyring,
): Promise<{ readonly made: KeysMade; readonly publication: Publication }> {
  const made = await ensureKeys(context, unlocked.keyring);
  const publication = await publishKeys(context, unlocked);
  await recordKeys(context, unlocked.keyring, publication);
  return { made, publication };
}

/**
 * Makes, publishes and records the keys that are missing, and is quiet when none are: then nothing is read but the
 * keyring and what is published.
 */
export async function refreshKeyring(
  context: Context,
  keyring: Keyring,
  unlocked: UnlockedKeyring,
): Promise<void> {
  if (context.nowIsArgument) {
    const identity = await readStoreIdentity(await context.openRoot("published"));
    if (identity !== undefined) refuseMadeUpClock(context, identity);
  }
  const { made } = await ensureKeys(context, keyring);
  const publication = await publishKeys(context, unlocked);
  if (made > 0 || publication.isNew) await recordKeys(context, keyring, publication);
}
