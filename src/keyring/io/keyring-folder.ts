import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { parseExports } from "../export-list.ts";
import type { KeyExport } from "../key-export.ts";
import type { KeyringKind } from "../keyring.ts";
import { type KeyringFile, parseKeyringFile } from "../keyring-file.ts";
import { isMonthFileName, type MonthFile, parseMonth } from "../month-file.ts";
import { damaged } from "../read-checked.ts";
import { checkPrivateFolder, FOLDER_MODE, ignoreMissing, readPrivateFile } from "./private-file.ts";

/** The files of a keyring, below its folder. */
export const keyringFiles = {
  /** See `KeyringFile`. */
  keyring: "keyring.json",
  /** The provider's private key: PEM, wrapped for the custodian identity. */
  provider: "provider.age",
  exports: "exports.json",
  /** With one file for each month, view and class. */
  days: "days",
  lock: "lock",
} as const;

const custodianFiles = { small: "custodian.key", team: "custodian.age" } as const;

/** Where the custodian identity lies: in the clear, or wrapped. */
export function custodianFileOf(kind: KeyringKind): string {
  return custodianFiles[kind];
}

/** Undefined when there is no keyring: no folder, or an empty one. Throws UserError for one that cannot be used. */
export async function readKeyringFile(folder: string): Promise<KeyringFile | undefined> {
  if (!(await checkPrivateFolder(folder))) return undefined;
  const path = join(folder, keyringFiles.keyring);
  const bytes = await readPrivateFile(path);
  if (bytes !== undefined) return parseKeyringFile(bytes, path);
  if ((await readdir(folder)).length === 0) return undefined;
  throw damaged(path, "it is missing");
}

/** As {@link readKeyringFile}, of a keyring that was there. */
export async function rereadKeyringFile(folder: string): Promise<KeyringFile> {
  const file = await readKeyringFile(folder);
  if (file === undefined) throw damaged(join(folder, keyringFiles.keyring), "it is missing");
  return file;
}

/** One of its files, which must be there. */
export async function readKeyringPart(folder: string, name: string): Promise<Buffer> {
  const path = join(folder, name);
  const bytes = await readPrivateFile(path);
  if (bytes === undefined) throw damaged(path, "it is missing");
  return bytes;
}

/** Undefined for a month without a key. */
export async function readMonth(folder: string, store: string, name: string): Promise<MonthFile | undefined> {
  const path = join(folder, keyringFiles.days, name);
  const bytes = await readPrivateFile(path);
  return bytes === undefined ? undefined : parseMonth(bytes, path, store);
}

/** All months, by the names of their files. */
export async function readMonths(folder: string, store: string): Promise<ReadonlyMap<string, MonthFile>> {
  const days = join(folder, keyringFiles.days);
  await checkPrivateFolder(days);
  const names = (await readdir(days).catch(ignoreMissing)) ?? [];
  const months = new Map<string, MonthFile>();
  for (const name of names.filter(isMonthFileName).sort()) {
    const month = await readMonth(folder, store, name);
    if (month !== undefined) months.set(name, month);
  }
  return months;
}

export async function readExports(folder: string): Promise<readonly KeyExport[]> {
  const path = join(folder, keyringFiles.exports);
  const bytes = await readPrivateFile(path);
  return bytes === undefined ? [] : parseExports(bytes, path);
}

export async function ensureDaysFolder(folder: string): Promise<void> {
  await mkdir(join(folder, keyringFiles.days), { recursive: true, mode: FOLDER_MODE });
}
