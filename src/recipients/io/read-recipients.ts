import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "../../durable-file.ts";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import type { RecipientSnapshot } from "../recipient-snapshot.ts";
import { snapshotKey } from "../snapshot-key.ts";
import { readSnapshot } from "../snapshot-object.ts";
import { newestSnapshot } from "./newest-snapshot.ts";

export interface RecipientsWish {
  readonly storeId: string;
  /** The provider's key that is sure; undefined: the one that this machine has seen first. */
  readonly pinned: string | undefined;
  /** What was seen is kept there. */
  readonly stateDirectory: string;
  /** Trusts nothing from now on that was not trusted before: nothing is kept. */
  readonly isOnlyLooking?: boolean;
}

export interface PublishedRecipients {
  readonly snapshot: RecipientSnapshot;
  readonly providerKey: string;
  /** True when nothing said whose signature to trust, so that the one found is trusted from now on. */
  readonly isFirstUse: boolean;
}

/** What a machine has seen of a store's recipients. */
interface Seen {
  /** All that the provider has had, the oldest first. */
  readonly providerKeys: readonly string[];
  readonly generation: number;
}

/**
 * The newest recipients, checked: signed by the provider, for this store, and not older than what this machine has
 * seen. Undefined when nothing is published. Throws UserError for what somebody forged or put back.
 */
export async function readRecipients(
  published: ObjectStore,
  wish: RecipientsWish,
): Promise<PublishedRecipients | undefined> {
  const seenPath = join(wish.stateDirectory, `recipients-${wish.storeId}.json`);
  const seen = await readSeen(seenPath);
  const newest = await newestSnapshot(published);
  if (newest === undefined) {
    if (seen === undefined) return undefined;
    throw rolledBack(published, "nothing", seen);
  }
  const address = `${published.url}/${snapshotKey(newest.generation)}`;
  const reading = readSnapshot(newest.bytes, trustedKeys(wish.pinned, seen));
  if (reading.kind === "other-provider") throw otherProvider(address, reading.providerKey, wish, seen);
  if (reading.kind !== "snapshot") throw forged(address);
  const { snapshot, providerKey, providerKeys } = reading;
  if (snapshot.store !== wish.storeId || snapshot.generation !== newest.generation) throw forged(address);
  const { generation } = snapshot;
  if (seen !== undefined && generation < seen.generation)
    throw rolledBack(published, `generation ${generation}`, seen);
  const isNew = seen?.generation !== generation || seen.providerKeys.at(-1) !== providerKey;
  if (isNew && wish.isOnlyLooking !== true) {
    await writeSeen(seenPath, wish.stateDirectory, { providerKeys, generation });
  }
  return { snapshot, providerKey, isFirstUse: wish.pinned === undefined && seen === undefined };
}

/**
 * A pinned key that the provider has replaced since trusts the newest that was seen: who has stolen the old one
 * cannot go back to it. One that was never seen was pinned to say so.
 */
function trustedKeys(pinned: string | undefined, seen: Seen | undefined): readonly string[] {
  const newest = seen?.providerKeys.at(-1);
  if (newest === undefined) return pinned === undefined ? [] : [pinned];
  return pinned === undefined || seen?.providerKeys.includes(pinned) === true ? [newest] : [pinned];
}

async function readSeen(path: string): Promise<Seen | undefined> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const seen = parseSeen(text);
  if (seen !== undefined) return seen;
  throw new UserError(
    `${path} is damaged: it says which provider this machine trusts. Compare the provider's key with "hostlog keys list" on the custodian's machine, write it into the config (keys.provider), and remove the file.`,
    exitCode.integrity,
  );
}

function parseSeen(text: string): Seen | undefined {
  try {
    const value = JSON.parse(text) as Partial<
      Record<"version" | "provider_keys" | "generation", unknown>
    > | null;
    const { version, provider_keys: keys, generation } = value ?? {};
    if (version !== 1 || typeof generation !== "number" || !Number.isSafeInteger(generation))
      return undefined;
    if (!Array.isArray(keys) || keys.length === 0) return undefined;
    const providerKeys = keys.filter((key: unknown) => typeof key === "string");
    return providerKeys.length === keys.length ? { providerKeys, generation } : undefined;
  } catch {
    return undefined;
  }
}

async function writeSeen(path: string, directory: string, { providerKeys, generation }: Seen): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const text = JSON.stringify({ version: 1, provider_keys: providerKeys, generation });
  await writeDurably(path, Buffer.from(`${text}\n`), { mode: 0o600 });
}

function forged(address: string): UserError {
  return new UserError(
    `${address} is not what the provider signed for this store: it was forged or damaged. No line was taken; the logs stay where they are. Find out who wrote it and remove it, and have "hostlog keys publish" run.`,
    exitCode.integrity,
  );
}

function otherProvider(
  address: string,
  found: string,
  { pinned }: RecipientsWish,
  seen: Seen | undefined,
): UserError {
  return new UserError(
    `${address} is signed by ${found}, which does not follow from the provider's key that is trusted here (${trustedKeys(pinned, seen).join()}). No line was taken; the logs stay where they are. Compare both with "hostlog keys list" on the custodian's machine; only if the one that was found is right, write it into the config as keys.provider.`,
    exitCode.integrity,
  );
}

function rolledBack({ url }: ObjectStore, found: string, { generation }: Seen): UserError {
  return new UserError(
    `${url}/recipients/ shows ${found}, and this machine has seen generation ${generation} there: somebody put an older state back. No line was taken; the logs stay where they are. Find out who did it, and have "hostlog keys publish" run until a newer generation is there.`,
    exitCode.integrity,
  );
}
