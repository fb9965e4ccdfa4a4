import type { Custodian } from "../custodian/custodian.ts";
import { createLocalCustodian } from "../custodian/io/local-custodian.ts";
import { connectCustodian } from "../custodian/io/remote-custodian.ts";
import type { Day } from "../day.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { type Hold, holdClassOf } from "../holds/hold-state.ts";
import type { Keyring } from "../keyring/keyring.ts";
import { decodeRecipient } from "../seal/age-text.ts";
import { type DayKeyName, formatDayKey } from "../seal/day-key-name.ts";
import type { StoreIdentity } from "../store-identity.ts";
import type { Context } from "./context.ts";
import { isUnlockable, type SecretOptions, unlockKeyring } from "./custodian-secrets.ts";
import { recordKeys } from "./key-ledger.ts";
import { keyringFolderOf, keyringOf } from "./keyring-of.ts";
import { stampOf } from "./keys-place.ts";

/** The keys of a sealed store, as far as holds need them. */
export interface HoldKeys {
  /** Makes the key pairs of a hold that are missing, one for each of its days. Needs no secret. */
  ensure(hold: Pick<Hold, "id" | "firstDay" | "lastDay">): Promise<void>;
  /** For whom the copies of a day are sealed, 32 bytes. Throws UserError when that key was destroyed. */
  recipientOf(hold: Pick<Hold, "id">, day: Day): Promise<Uint8Array>;
  /** False where {@link HoldKeys.custodian} has to ask somebody for a passphrase. */
  readonly opensUnasked: boolean;
  /** The same one each time, opened when it is first asked for. Not to be closed by who asks. */
  custodian(): Promise<Custodian>;
  close(): Promise<void>;
}

/**
 * Undefined for a store that is not sealed. Throws UserError where the keyring is on another machine: the keys of holds
 * are made there.
 */
export async function openHoldKeys(
  context: Context,
  identity: StoreIdentity,
  secrets: SecretOptions,
): Promise<HoldKeys | undefined> {
  if (identity.seal === "none") return undefined;
  const keyring = await keyringOf(context, identity.id);
  if (keyring === undefined) throw isElsewhere(context, identity);
  let recipients: ReadonlyMap<string, string> | undefined;
  let opening: Promise<Custodian> | undefined;
  return {
    async ensure({ firstDay, lastDay, ...hold }) {
      const series = { view: "raw", retentionClass: holdClassOf(hold), firstDay, lastDay } as const;
      const { made } = await keyring.ensure([series], stampOf(context).at);
      recipients = undefined;
      if (made > 0) await recordKeys(context, keyring, undefined);
    },
    async recipientOf(hold, day) {
      recipients ??= await readRecipients(keyring);
      const name = { view: "raw", retentionClass: holdClassOf(hold), day } as const;
      const recipient = decodeRecipient(recipients.get(formatDayKey(name)) ?? "");
      if (recipient !== undefined) return recipient;
      throw isDestroyed(name);
    },
    opensUnasked: isUnlockable(keyring, secrets) || context.config.custodian !== undefined,
    custodian() {
      opening ??= openForHold(context, keyring, secrets);
      return opening;
    },
    async close() {
      const custodian = await opening?.catch(() => undefined);
      await custodian?.close();
    },
  };
}

/** Of the keys that are kept. */
async function readRecipients(keyring: Keyring): Promise<ReadonlyMap<string, string>> {
  const kept = (await keyring.entries()).filter(({ destroyedAt }) => destroyedAt === undefined);
  return new Map(kept.map((entry) => [formatDayKey(entry), entry.recipient]));
}

/** The keyring itself where it can be unlocked without a question; else the custodian that holds it; else who is asked. */
async function openForHold(context: Context, keyring: Keyring, secrets: SecretOptions): Promise<Custodian> {
  const { custodian } = context.config;
  if (!isUnlockable(keyring, secrets) && custodian !== undefined) {
    return connectCustodian(custodian, keyring.storeId);
  }
  return createLocalCustodian(await unlockKeyring(keyring, secrets));
}

function isElsewhere(context: Context, { id }: StoreIdentity): UserError {
  return new UserError(
    `the copies for holds are sealed for keys of their own, which are made where the keyring is, and it is not in ${keyringFolderOf(context, id)}: run this on the machine that has it, or say where it is (keys.folder in the config, $HOSTLOG_KEYS)`,
    exitCode.config,
  );
}

function isDestroyed(name: DayKeyName): UserError {
  return new UserError(
    `the key of ${formatDayKey(name)} was destroyed, and is never made again: for rows that are still there, place a new hold`,
    exitCode.partial,
  );
}
