import { dayOfMs } from "../day.ts";
import type { Keyring, KeysMade, UnlockedKeyring } from "../keyring/keyring.ts";
import { wishedSeries } from "../keyring/plan-keys.ts";
import type { PublishedSnapshot } from "../keyring/plan-records.ts";
import { publishRecipients } from "../recipients/io/publish-recipients.ts";
import { snapshotKey } from "../recipients/snapshot-key.ts";
import { sha256Hex } from "../sha256.ts";
import type { Context } from "./context.ts";
import { stampOf } from "./keys-place.ts";

/** A snapshot on the store, and whether it was put there just now. */
export interface Publication extends PublishedSnapshot {
  readonly isNew: boolean;
}

/** Makes the keys that the config asks for on this day and that are missing. */
export async function ensureKeys(context: Context, keyring: Keyring): Promise<KeysMade> {
  return keyring.ensure(wishedSeries(context.config, dayOfMs(context.nowMs)), stampOf(context).at);
}

/** Publishes what the keyring has, if nodes do not know it yet. */
export async function publishKeys(context: Context, unlocked: UnlockedKeyring): Promise<Publication> {
  const published = await context.openRoot("published");
  const answer = await publishRecipients(published, unlocked, stampOf(context).at);
  const { generation, lastDay } = answer;
  if (answer.kind === "published") return { generation, lastDay, sha256: answer.sha256, isNew: true };
  const bytes = await published.read(snapshotKey(generation));
  return { generation, lastDay, sha256: sha256Hex(bytes), isNew: false };
}
