import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import type { RecipientSnapshot } from "../recipient-snapshot.ts";
import { snapshotKey } from "../snapshot-key.ts";
import { readSnapshot } from "../snapshot-object.ts";
import { newestSnapshot } from "./newest-snapshot.ts";
import { readSeen, refuseExchanged, type SeenStore, writeSeen } from "./seen-store.ts";

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

/**
 * The newest recipients, checked: signed by the provider, for this store, and not older than what this machine has
 * seen. Undefined when nothing is published. Throws UserError for what somebody forged or put back.
 */
export async function readRecipients(
  published: ObjectStore,
  wish: RecipientsWish,
): Promise<PublishedRecipients | undefined> {
  const { stateDirectory, storeId } = wish;
  const seen = await readSeen(stateDirectory, storeId);
  if (seen === undefined) await refuseExchanged(stateDirectory, published.url, storeId);
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
    await writeSeen(stateDirectory, storeId, { publishedUrl: published.url, providerKeys, generation });
  }
  return { snapshot, providerKey, isFirstUse: wish.pinned === undefined && seen === undefined };
}

/**
 * A pinned key that the provider has replaced since trusts the newest that was seen: who has stolen the old one
 * cannot go back to it. One that was never seen was pinned to say so.
 */
function trustedKeys(pinned: string | undefined, seen: SeenStore | undefined): readonly string[] {
  const newest = seen?.providerKeys.at(-1);
  if (newest === undefined) return pinned === undefined ? [] : [pinned];
  return pinned === undefined || seen?.providerKeys.includes(pinned) === true ? [newest] : [pinned];
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
  seen: SeenStore | undefined,
): UserError {
  return new UserError(
    `${address} is signed by ${found}, which does not follow from the provider's key that is trusted here (${trustedKeys(pinned, seen).join()}). No line was taken; the logs stay where they are. Compare both with "hostlog keys list" on the custodian's machine; only if the one that was found is right, write it into the config as keys.provider.`,
    exitCode.integrity,
  );
}

function rolledBack({ url }: ObjectStore, found: string, { generation }: SeenStore): UserError {
  return new UserError(
    `${url}/recipients/ shows ${found}, and this machine has seen generation ${generation} there: somebody put an older state back. No line was taken; the logs stay where they are. Find out who did it, and have "hostlog keys publish" run until a newer generation is there.`,
    exitCode.integrity,
  );
}
