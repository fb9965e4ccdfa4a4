import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "../durable-file.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import type { Keyring } from "../keyring/keyring.ts";
import { newestSnapshot } from "../recipients/io/newest-snapshot.ts";
import { type PublishedRecipients, readRecipients } from "../recipients/io/read-recipients.ts";
import { createRecipientBook } from "../recipients/recipient-book.ts";
import { readSnapshot } from "../recipients/snapshot-object.ts";
import { type DayKeyName, formatDayKey } from "../seal/day-key-name.ts";
import type { SealMode } from "../seal/seal-mode.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { readStoreIdentity, type StoreIdentity } from "../store-identity.ts";
import type { Context } from "./context.ts";
import { makeSmallKeyring, refreshKeyring } from "./init-keyring.ts";
import { keyringFolderOf, keyringOf } from "./keyring-of.ts";

/**
 * The store's recipients. Makes the keyring of a new folder store, and publishes what a small keyring that is on
 * this machine lacks of `wished`, or what nodes have not been told of it. Throws UserError where nothing is
 * published, or somebody forged what is.
 */
export async function ensureRecipients(
  context: Context,
  identity: StoreIdentity,
  wished: readonly DayKeyName[],
): Promise<PublishedRecipients> {
  const published = await context.openRoot("published");
  const keyring = await keyringOf(context, identity.id);
  const wish = {
    storeId: identity.id,
    pinned: context.config.keys.providerKey ?? keyring?.providerKey,
    stateDirectory: context.stateDirectory,
  };
  if (keyring?.kind === "small") await refresh(context, keyring, published, wished);
  await noteKeyring(context, identity.id, keyring);
  const found = await readRecipients(published, wish);
  if (found !== undefined) return found;
  if (keyring !== undefined || !(await isNewFolder(context))) throw nothingPublished(published);
  const made = await makeSmallKeyring(context, identity.id);
  context.stderr.write(newKeyringText(keyringFolderOf(context, identity.id)));
  await noteKeyring(context, identity.id, made);
  const readable = await readRecipients(published, { ...wish, pinned: made.providerKey });
  if (readable === undefined) throw nothingPublished(published);
  return readable;
}

/**
 * Throws UserError for a sealed store that is yet to be made, where it is not for this machine to choose who has the
 * keys: what it is made as, it stays.
 */
export async function refuseUnmade(
  { config }: Context,
  published: ObjectStore,
  seal: SealMode,
): Promise<void> {
  if ((await readStoreIdentity(published)) !== undefined) return;
  if ((await newestSnapshot(published)) !== undefined) throw identityGone(published);
  if (seal === "age" && !isFolders(config.roots)) throw notMade(published);
}

/**
 * Where the only keyring has been on this machine, its loss must not pass in silence while lines are sealed for it. Throws
 * UserError when it has been here and is gone.
 */
async function noteKeyring(context: Context, storeId: string, keyring: Keyring | undefined): Promise<void> {
  const path = join(context.stateDirectory, `keyring-${storeId}`);
  const wasHere = await stat(path).then(
    () => true,
    () => false,
  );
  if (keyring !== undefined) {
    if (wasHere) return;
    await mkdir(context.stateDirectory, { recursive: true, mode: 0o700 });
    await writeDurably(path, Buffer.from(`${keyring.folder}\n`), { mode: 0o600 });
    return;
  }
  if (!wasHere || context.config.keys.providerKey !== undefined) return;
  throw new UserError(
    `the keyring of this store was on this machine, and is not in ${keyringFolderOf(context, storeId)} any more: what is sealed now might never be opened. No line was taken; the logs stay where they are. Put it back, or run "hostlog keys restore" from an export; if it was moved to another machine on purpose, write its provider's key into the config (keys.provider)`,
    exitCode.integrity,
  );
}

async function refresh(
  context: Context,
  keyring: Keyring,
  published: ObjectStore,
  wished: readonly DayKeyName[],
): Promise<void> {
  if (await isPublished(keyring, published, wished)) return;
  const unlocked = await keyring.unlock({ identities: [], passphrase: undefined });
  try {
    await refreshKeyring(context, keyring, unlocked);
  } finally {
    unlocked.close();
  }
}

/** True when nodes know all that is wished, and what was destroyed of it. */
async function isPublished(
  keyring: Keyring,
  published: ObjectStore,
  wished: readonly DayKeyName[],
): Promise<boolean> {
  const newest = await newestSnapshot(published);
  const reading = newest === undefined ? undefined : readSnapshot(newest.bytes, [keyring.providerKey]);
  if (reading?.kind !== "snapshot" || reading.providerKey !== keyring.providerKey) return false;
  const book = createRecipientBook(reading.snapshot);
  const kinds = new Map(
    (await keyring.entries()).map((entry) => [
      formatDayKey(entry),
      entry.destroyedAt === undefined ? "open" : "destroyed",
    ]),
  );
  return wished.every((name) => kinds.get(formatDayKey(name)) === book.recipientOf(name).kind);
}

/** True for a store of folders in which no batch was ever committed, and whose keys nobody was said to have. */
async function isNewFolder(context: Context): Promise<boolean> {
  const { roots, keys, custodian } = context.config;
  if (!isFolders(roots) || keys.providerKey !== undefined || custodian !== undefined) return false;
  const ledger = await context.openRoot("ledger");
  for await (const _ of ledger.list("chains/")) return false;
  return true;
}

function isFolders(roots: Context["config"]["roots"]): boolean {
  return Object.values(roots).every((url) => url.startsWith("file://"));
}

function newKeyringText(folder: string): string {
  return `note: raw and quarantine are sealed from now on; the keys are in ${folder}
note: who has that folder can open them, without it nobody can: keep a copy elsewhere (hostlog keys export), and neither of them in backups of the store\n`;
}

function nothingPublished({ url }: ObjectStore): UserError {
  return new UserError(
    `this store is sealed, and ${url} has no recipients to seal for: run "hostlog init --team" (or --small) on the machine that is to have the keys, or "hostlog keys publish" there if it has them. No line was taken; the logs stay where they are.`,
    exitCode.tryAgain,
  );
}

function identityGone({ url }: ObjectStore): UserError {
  return new UserError(
    `${url} has recipients, so that it was a sealed store, and its store.json is gone: put it back from a copy; another one would make it another store. No line was taken; the logs stay where they are. Find out who removed it`,
    exitCode.integrity,
  );
}

function notMade({ url }: ObjectStore): UserError {
  return new UserError(
    `${url} holds no store yet, and a sealed one begins with its keys: run "hostlog init --team" (or --small) on the machine that is to have them, with credentials that may write there; for a store that is not sealed, say --seal none. No line was taken; the logs stay where they are.`,
    exitCode.tryAgain,
  );
}
