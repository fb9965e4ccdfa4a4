import { join } from "node:path";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import { sha256Hex } from "../../sha256.ts";
import { type ExportedKey, type ExportedTomb, formatExportFile } from "../export-file.ts";
import { formatExports } from "../export-list.ts";
import type { KeyExport } from "../key-export.ts";
import type { ExportWish, SealedFor } from "../keyring.ts";
import type { KeyringFile } from "../keyring-file.ts";
import { isKept, type MonthFile } from "../month-file.ts";
import { sealFor } from "../seal-for.ts";
import { refuseStale, unwrap } from "./day-identity.ts";
import { keyringFiles, readExports, readMonths, rereadKeyringFile } from "./keyring-folder.ts";
import { replaceFile } from "./shred-file.ts";
import type { HeldSecrets } from "./unlock-keyring.ts";

/** See `UnlockedKeyring.export`. Only for who holds the lock. */
export async function exportKeys(
  folder: string,
  held: HeldSecrets,
  { at, sealedFor }: ExportWish,
): Promise<{ readonly bytes: Uint8Array; readonly entry: KeyExport }> {
  await refuseStale(folder, held.identity);
  const file = await rereadKeyringFile(folder);
  const readers = sealedFor ?? peopleOf(file, folder);
  const before = await readExports(folder);
  const months = await readMonths(folder, file.store);
  const keys = await readExported(folder, months, held.identity);
  const number = (before.at(-1)?.number ?? 0) + 1;

  const plain = formatExportFile({
    store: file.store,
    number,
    at,
    keyringCreatedAt: file.createdAt,
    providerPem: held.providerPem,
    providerHistory: file.providerHistory,
    exports: before,
    destroyed: tombsOf(months),
    keys,
  });
  for (const { identity } of keys) identity.fill(0);
  const bytes = await sealFor(plain, readers);
  plain.fill(0);

  const newestKeyAt = keys.reduce<string | undefined>(
    (newest, { createdAt }) => (newest === undefined || createdAt > newest ? createdAt : newest),
    undefined,
  );
  const entry = { number, at, sha256: sha256Hex(bytes), keys: keys.length, newestKeyAt, gone: undefined };
  await replaceFile(join(folder, keyringFiles.exports), formatExports([...before, entry]));
  return { bytes, entry };
}

function peopleOf({ kind, people }: KeyringFile, folder: string): SealedFor {
  if (people.length > 0) return { recipients: people };
  const why =
    kind === "small"
      ? "is opened by whoever has this machine, and an export must be opened elsewhere"
      : "is for a passphrase, which is not kept";
  throw new UserError(
    `the keyring in ${folder} ${why}: say for whom the export is, with recipients (age1…) or a passphrase`,
    exitCode.usage,
  );
}

async function readExported(
  folder: string,
  months: ReadonlyMap<string, MonthFile>,
  custodianIdentity: Uint8Array,
): Promise<readonly ExportedKey[]> {
  const found: ExportedKey[] = [];
  for (const { view, retentionClass, keys } of months.values()) {
    for (const [day, key] of keys) {
      if (!isKept(key)) continue;
      const name = { view, day, retentionClass };
      const identity = await unwrap(folder, name, key, custodianIdentity);
      found.push({ ...name, recipient: key.recipient, createdAt: key.createdAt, identity });
    }
  }
  return found;
}

function tombsOf(months: ReadonlyMap<string, MonthFile>): readonly ExportedTomb[] {
  return [...months.values()].flatMap(({ view, retentionClass, keys }) =>
    [...keys].flatMap(([day, key]) => (isKept(key) ? [] : [{ view, day, retentionClass, ...key }])),
  );
}
