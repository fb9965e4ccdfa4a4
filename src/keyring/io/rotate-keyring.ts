import { join } from "node:path";
import type { Day } from "../../day.ts";
import { decodeRecipient } from "../../seal/age-text.ts";
import { sealBytes } from "../../seal/seal-bytes.ts";
import type { CustodianWish } from "../keyring.ts";
import { formatKeyringFile, type KeyringFile } from "../keyring-file.ts";
import { formatMonth, isKept, type MonthFile, type MonthKey, withKeys } from "../month-file.ts";
import { type NewCustodian, newCustodian } from "../new-custodian.ts";
import { generateProviderPair, linkFrom } from "../provider-pair.ts";
import { damaged } from "../read-checked.ts";
import { wrapIdentity } from "../wrap-identity.ts";
import { changeTogether } from "./change-together.ts";
import { refuseStale, unwrap } from "./day-identity.ts";
import { custodianFileOf, keyringFiles, readMonths, rereadKeyringFile } from "./keyring-folder.ts";
import { sweepLeftovers } from "./shred-file.ts";
import type { HeldSecrets } from "./unlock-keyring.ts";

/**
 * Gives the keyring a new custodian identity: every kept key and the provider's are wrapped anew, and the old
 * identity is destroyed. So what an overwritten file may have left of wrapped keys on a disk opens no more. Only
 * for who holds the lock. Returns what the keyring holds now.
 */
export async function rotateCustodian(
  folder: string,
  held: HeldSecrets,
  wish: CustodianWish,
): Promise<HeldSecrets> {
  await refuseStale(folder, held.identity);
  await sweepLeftovers(folder);
  const file = await rereadKeyringFile(folder);
  const custodian = await newCustodian(file.store, wish);
  const change = new Map([
    [keyringFiles.keyring, formatKeyringFile(withCustodian(file, custodian))],
    [custodianFileOf(custodian.kind), custodian.stored],
    [keyringFiles.provider, sealBytes(held.providerPem, [custodian.recipient])],
  ]);
  for (const [name, month] of await readMonths(folder, file.store)) {
    const rewrapped = await rewrapMonth(folder, month, held.identity, custodian.recipient);
    change.set(join(keyringFiles.days, name), formatMonth(rewrapped));
  }
  await changeTogether(folder, change);
  return { identity: custodian.identity, providerPem: Uint8Array.from(held.providerPem) };
}

function withCustodian(file: KeyringFile, { kind, recipientText, people }: NewCustodian): KeyringFile {
  return { ...file, kind, custodianRecipient: recipientText, people };
}

async function rewrapMonth(
  folder: string,
  month: MonthFile,
  custodianIdentity: Uint8Array,
  recipient: Uint8Array,
): Promise<MonthFile> {
  const { view, retentionClass } = month;
  const keys: [Day, MonthKey][] = [];
  for (const [day, key] of month.keys) {
    if (!isKept(key)) continue;
    const identity = await unwrap(folder, { view, retentionClass, day }, key, custodianIdentity);
    keys.push([day, { ...key, wrapped: wrapIdentity(identity, recipient) }]);
    identity.fill(0);
  }
  return withKeys(month, keys);
}

/**
 * Gives the provider a new key, which the one before signs. Only for who holds the lock. Returns what the keyring
 * holds now.
 */
export async function rotateProvider(folder: string, held: HeldSecrets): Promise<HeldSecrets> {
  await refuseStale(folder, held.identity);
  await sweepLeftovers(folder);
  const file = await rereadKeyringFile(folder);
  const path = join(folder, keyringFiles.keyring);
  const recipient = decodeRecipient(file.custodianRecipient);
  if (recipient === undefined) throw damaged(path, "its custodian recipient is no X25519 recipient");
  const pair = generateProviderPair();
  const providerHistory: KeyringFile["providerHistory"] = [
    ...file.providerHistory,
    linkFrom(held.providerPem, pair.key),
  ];
  await changeTogether(
    folder,
    new Map([
      [keyringFiles.keyring, formatKeyringFile({ ...file, providerHistory })],
      [keyringFiles.provider, sealBytes(pair.privatePem, [recipient])],
    ]),
  );
  return { identity: Uint8Array.from(held.identity), providerPem: pair.privatePem };
}
