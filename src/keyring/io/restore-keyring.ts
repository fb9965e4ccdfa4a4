import { join } from "node:path";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import { type DayKeyName, formatDayKey } from "../../seal/day-key-name.ts";
import { sealBytes } from "../../seal/seal-bytes.ts";
import { sha256Hex } from "../../sha256.ts";
import { type ExportFile, parseExportFile } from "../export-file.ts";
import { exportsHolding, formatExports } from "../export-list.ts";
import { withoutArmor } from "../identity-text.ts";
import type { KeyExport } from "../key-export.ts";
import type { CustodianSecrets, CustodianWish, Keyring } from "../keyring.ts";
import { formatKeyringFile } from "../keyring-file.ts";
import {
  emptyMonth,
  formatMonth,
  type MonthFile,
  type MonthKey,
  monthFileName,
  withKeys,
} from "../month-file.ts";
import { type NewCustodian, newCustodian } from "../new-custodian.ts";
import { openWith } from "../seal-for.ts";
import { wrapIdentity } from "../wrap-identity.ts";
import { isThere, putKeyringInPlace } from "./create-keyring.ts";
import { custodianFileOf, keyringFiles, readKeyringFile } from "./keyring-folder.ts";
import { openKeyring } from "./open-keyring.ts";

/** A key that was destroyed after the export was made, as the control chain records it. */
export interface DestroyedSince extends DayKeyName {
  /** `age1…` */
  readonly recipient: string;
  /** ISO 8601. */
  readonly destroyedAt: string;
}

export interface RestoreWish {
  /** The keyring gets a new custodian identity: an export does not hold the old one. */
  readonly custodian: CustodianWish;
  /** The store for which it must be; undefined: any. */
  readonly storeId?: string;
}

/**
 * Makes the keyring in an empty or new folder from an export, as one step that lasts. What was destroyed before or
 * since stays destroyed. The export itself counts as being there until it is confirmed gone. Throws UserError when the
 * secrets do not open it, it is damaged or another store's, or a keyring is there.
 */
export async function restoreKeyring(
  exportBytes: Uint8Array,
  folder: string,
  secrets: CustodianSecrets,
  destroyedSince: readonly DestroyedSince[],
  { custodian: custodianWish, storeId }: RestoreWish,
): Promise<Keyring> {
  if ((await readKeyringFile(folder)) !== undefined) throw isThere(folder);
  const file = await openExport(exportBytes, secrets);
  if (storeId !== undefined && storeId !== file.store) {
    throw new UserError(
      `the export is of the store ${file.store}, and this is the store ${storeId}`,
      exitCode.config,
    );
  }
  const custodian = await newCustodian(file.store, custodianWish);
  const exports = [...file.exports, entryOf(file, exportBytes)];
  const files = new Map([
    [
      keyringFiles.keyring,
      formatKeyringFile({
        store: file.store,
        kind: custodian.kind,
        createdAt: file.keyringCreatedAt,
        custodianRecipient: custodian.recipientText,
        people: custodian.people,
        providerHistory: file.providerHistory,
      }),
    ],
    [custodianFileOf(custodian.kind), custodian.stored],
    [keyringFiles.provider, sealBytes(file.providerPem, [custodian.recipient])],
    [keyringFiles.exports, formatExports(exports)],
  ]);
  for (const [name, month] of monthsOf(file, exports, destroyedSince, custodian)) {
    files.set(join(keyringFiles.days, name), formatMonth(month));
  }
  for (const secret of [custodian.identity, file.providerPem, ...file.keys.map(({ identity }) => identity)]) {
    secret.fill(0);
  }
  if (!(await putKeyringInPlace(folder, files))) throw isThere(folder);
  const keyring = await openKeyring(folder, file.store);
  if (keyring === undefined) throw new Error(`the keyring in ${folder} has gone since it was restored`);
  return keyring;
}

async function openExport(bytes: Uint8Array, secrets: CustodianSecrets): Promise<ExportFile> {
  const sealed = withoutArmor(Buffer.from(bytes).toString("latin1")) ?? bytes;
  const plain = await openWith(sealed, secrets);
  if (plain === undefined) {
    throw new UserError(
      "nothing that was given opens the export, or it is damaged: give the identity file or the passphrase of one for whom it was made",
      exitCode.usage,
    );
  }
  try {
    return parseExportFile(plain, "the export");
  } finally {
    plain.fill(0);
  }
}

function entryOf({ number, at, keys }: ExportFile, bytes: Uint8Array): KeyExport {
  const newestKeyAt = keys
    .map(({ createdAt }) => createdAt)
    .sort()
    .at(-1);
  return { number, at, sha256: sha256Hex(bytes), keys: keys.length, newestKeyAt, gone: undefined };
}

function monthsOf(
  { store, keys, destroyed }: ExportFile,
  exports: readonly KeyExport[],
  destroyedSince: readonly DestroyedSince[],
  { recipient }: NewCustodian,
): ReadonlyMap<string, MonthFile> {
  const months = new Map<string, MonthFile>();
  const put = (name: DayKeyName, key: MonthKey): void => {
    const file = monthFileName(name);
    months.set(file, withKeys(months.get(file) ?? emptyMonth(store, name), [[name.day, key]]));
  };
  const since = new Map(destroyedSince.map((one) => [formatDayKey(one), one]));
  for (const tomb of destroyed) {
    const { recipient: publicHalf, createdAt, destroyedAt, exportedIn } = tomb;
    put(tomb, { recipient: publicHalf, createdAt, destroyedAt, exportedIn, copiesLeft: [] });
  }
  for (const key of keys) {
    const { recipient: publicHalf, createdAt, identity } = key;
    const gone = since.get(formatDayKey(key));
    since.delete(formatDayKey(key));
    if (gone === undefined) {
      put(key, { recipient: publicHalf, createdAt, wrapped: wrapIdentity(identity, recipient) });
    } else {
      const exportedIn = exportsHolding(exports, [{ createdAt, destroyedAt: undefined }]);
      put(key, {
        recipient: publicHalf,
        createdAt,
        destroyedAt: gone.destroyedAt,
        exportedIn,
        copiesLeft: [],
      });
    }
  }
  const known = new Set(destroyed.map(formatDayKey));
  // Made after the export and destroyed since: when it was made, nobody here knows any more.
  for (const [name, gone] of since) {
    if (known.has(name)) continue;
    const { recipient: publicHalf, destroyedAt } = gone;
    put(gone, { recipient: publicHalf, createdAt: destroyedAt, destroyedAt, exportedIn: [], copiesLeft: [] });
  }
  return months;
}
