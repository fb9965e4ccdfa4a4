import { isDeepStrictEqual } from "node:util";
import { addDays, type Day, dayOfMs } from "../../day.ts";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import type { UnlockedKeyring } from "../../keyring/keyring.ts";
import { sha256Hex } from "../../sha256.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import { firstRevival } from "../first-revival.ts";
import { createRecipientBook } from "../recipient-book.ts";
import type { RecipientSeries, RecipientSnapshot } from "../recipient-snapshot.ts";
import { seriesOfEntries } from "../series-of-entries.ts";
import { snapshotKey } from "../snapshot-key.ts";
import { encodeSnapshot, readSnapshot } from "../snapshot-object.ts";
import { newestSnapshot } from "./newest-snapshot.ts";

export type PublishAnswer =
  | {
      readonly kind: "published";
      readonly generation: number;
      readonly sha256: string;
      readonly lastDay: Day;
    }
  | { readonly kind: "unchanged"; readonly generation: number; readonly lastDay: Day };

/** Nodes take lines up to a day ahead of their clock, and clocks differ. */
const SEALED_AHEAD_DAYS = 2;

/** How many publishers may get in between. */
const ATTEMPTS_MAX = 20;

/**
 * Publishes the keyring's recipients as the next generation, unless the newest says the same already. Of two at
 * once each gets a generation of its own. Throws UserError when the newest is not this provider's.
 */
export async function publishRecipients(
  published: ObjectStore,
  unlocked: UnlockedKeyring,
  at: string,
): Promise<PublishAnswer> {
  const provider = unlocked.providerHistory();
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    // Anew each time: what another publisher has told of may have been destroyed meanwhile.
    const series = seriesOfEntries(await unlocked.keyring.entries());
    const newest = await newestSnapshot(published);
    const known = newest === undefined ? undefined : ownSnapshot(newest.bytes, unlocked, published.url);
    const isKnown =
      known !== undefined &&
      isDeepStrictEqual(known.snapshot.series, series) &&
      known.providerKey === unlocked.keyring.providerKey;
    if (isKnown)
      return { kind: "unchanged", generation: known.snapshot.generation, lastDay: lastDayOf(known.snapshot) };
    if (known !== undefined) refuseRevival(known.snapshot, series, at, unlocked.keyring.folder);
    const generation = (newest?.generation ?? 0) + 1;
    const snapshot: RecipientSnapshot = {
      version: 1,
      store: unlocked.keyring.storeId,
      generation,
      at,
      series,
    };
    const bytes = encodeSnapshot(snapshot, provider, (message) => unlocked.sign(message));
    const creation = await published.create(snapshotKey(generation), bytes);
    if (creation === "created" || (await isSame(published, generation, bytes))) {
      return { kind: "published", generation, sha256: sha256Hex(bytes), lastDay: lastDayOf(snapshot) };
    }
  }
  throw new UserError(
    `recipients in ${published.url} are being published by others at the same time; try again later`,
    exitCode.tryAgain,
  );
}

/**
 * Throws UserError where a destroyed day would get a key again, or a day for which nodes may have sealed another one: the
 * keyring is an older copy, or has lost keys. Days to come may change: nobody has sealed for them.
 */
function refuseRevival(
  known: RecipientSnapshot,
  series: readonly RecipientSeries[],
  at: string,
  folder: string,
): void {
  const change = firstRevival(known, series, addDays(dayOfMs(Date.parse(at)), SEALED_AHEAD_DAYS));
  if (change === undefined) return;
  const { name, kind } = change;
  throw new UserError(
    kind === "revived"
      ? `the key of ${name} (view/day/class) was destroyed, and the keyring in ${folder} has it: it is an older copy, put back. Nothing was published. Put the newer keyring in its place, or run "hostlog keys restore" from an export; destroy the older copy`
      : `for ${name} (view/day/class) nodes were told another key than the one in ${folder}, and may have sealed with it: the keyring has lost keys, or is an older copy. Nothing was published. Put the right keyring in its place, or run "hostlog keys restore" from the newest export`,
    exitCode.integrity,
  );
}

/** The answer to an own create may have got lost: then it stands. */
async function isSame(published: ObjectStore, generation: number, bytes: Uint8Array): Promise<boolean> {
  return Buffer.compare(await published.read(snapshotKey(generation)), bytes) === 0;
}

function ownSnapshot(
  bytes: Uint8Array,
  unlocked: UnlockedKeyring,
  url: string,
): { readonly snapshot: RecipientSnapshot; readonly providerKey: string } {
  const own = unlocked.providerHistory().map(({ key }) => key);
  const reading = readSnapshot(bytes, own.slice(0, 1));
  const isOwn =
    reading.kind === "snapshot" &&
    reading.snapshot.store === unlocked.keyring.storeId &&
    own.includes(reading.providerKey);
  if (isOwn) return reading;
  throw new UserError(
    `the newest object in ${url}/recipients/ is not by this keyring's provider (${unlocked.keyring.providerKey}): somebody else wrote it, or this keyring is another store's, or older than what it published. Nothing was published. Compare the key with "hostlog keys list" on the custodian's machine; find out who wrote the object, and remove it if nobody should have.`,
    exitCode.integrity,
  );
}

function lastDayOf(snapshot: RecipientSnapshot): Day {
  const { lastDay } = createRecipientBook(snapshot);
  if (lastDay === undefined) throw new Error("a keyring without keys was published");
  return lastDay;
}
