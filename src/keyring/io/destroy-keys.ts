import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type DayKeyName, formatDayKey } from "../../seal/day-key-name.ts";
import { exportsHolding } from "../export-list.ts";
import type { KeyEntry, KeysDestroyed } from "../keyring.ts";
import {
  type DestroyedMonthKey,
  entriesOf,
  formatMonth,
  isKept,
  type MonthFile,
  monthFileName,
  withKeys,
} from "../month-file.ts";
import { keyringFiles, readExports, readMonth, rereadKeyringFile } from "./keyring-folder.ts";
import { ignoreMissing } from "./private-file.ts";
import { replaceFile, sweepLeftovers } from "./shred-file.ts";

/** A month with keys to destroy, or with such that were. */
interface DoomedMonth {
  readonly name: string;
  readonly month: MonthFile;
  readonly doomed: readonly KeyEntry[];
  readonly destroyedBefore: readonly KeyEntry[];
}

/** See `Keyring.destroy`. Only for who holds the lock. */
export async function destroyKeys(
  folder: string,
  names: readonly DayKeyName[],
  at: string,
): Promise<KeysDestroyed> {
  const { store } = await rereadKeyringFile(folder);
  const exports = await readExports(folder);
  const months = await findDoomed(folder, store, names);
  const wrapped = months.flatMap(({ month, doomed }) => doomed.flatMap(({ day }) => wrappedOf(month, day)));

  const copies = await filesHolding(folder, wrapped);
  await sweepLeftovers(folder);
  const ours = new Set(months.map(({ name }) => join(keyringFiles.days, name)));
  const foreign = (await filesHolding(folder, wrapped)).filter((file) => !ours.has(file));
  const destroyed: KeyEntry[] = [];
  for (const { name, month, doomed } of months) {
    if (doomed.length === 0) continue;
    const tombs = doomed.map((entry): readonly [KeyEntry["day"], DestroyedMonthKey] => {
      const { day, recipient, createdAt } = entry;
      const exportedIn = exportsHolding(exports, [entry]);
      return [day, { recipient, createdAt, destroyedAt: at, exportedIn, copiesLeft: foreign }];
    });
    const after = withKeys(month, tombs);
    await replaceFile(join(folder, keyringFiles.days, name), formatMonth(after));
    const days = new Set(tombs.map(([day]) => day));
    destroyed.push(...entriesOf(after).filter(({ day }) => days.has(day)));
  }
  const destroyedBefore = months.flatMap((month) => month.destroyedBefore);
  // What a copy held that is left, nobody can tell any more once the key is destroyed; its name was noted.
  const noted = months.flatMap(({ month, destroyedBefore: before }) => copiesNoted(month, before));
  return {
    destroyed,
    destroyedBefore,
    copies: copies.filter((copy) => !foreign.includes(copy)),
    copiesLeft: await filesThatAre(folder, [...foreign, ...noted]),
    exportsOutstanding: exportsHolding(exports, [...destroyed, ...destroyedBefore]),
  };
}

function copiesNoted({ keys }: MonthFile, entries: readonly KeyEntry[]): readonly string[] {
  return entries.flatMap(({ day }) => {
    const key = keys.get(day);
    return key === undefined || isKept(key) ? [] : key.copiesLeft;
  });
}

async function filesThatAre(folder: string, names: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of new Set(names)) {
    if ((await lstat(join(folder, name)).catch(ignoreMissing)) !== undefined) found.push(name);
  }
  return found.sort();
}

async function findDoomed(
  folder: string,
  store: string,
  names: readonly DayKeyName[],
): Promise<readonly DoomedMonth[]> {
  const wanted = new Set(names.map(formatDayKey));
  const months: DoomedMonth[] = [];
  for (const name of [...new Set(names.map(monthFileName))].sort()) {
    const month = await readMonth(folder, store, name);
    if (month === undefined) continue;
    const entries = entriesOf(month).filter((entry) => wanted.has(formatDayKey(entry)));
    months.push({
      name,
      month,
      doomed: entries.filter(({ destroyedAt }) => destroyedAt === undefined),
      destroyedBefore: entries.filter(({ destroyedAt }) => destroyedAt !== undefined),
    });
  }
  return months;
}

function wrappedOf({ keys }: MonthFile, day: KeyEntry["day"]): readonly string[] {
  const key = keys.get(day);
  return key !== undefined && isKept(key) ? [key.wrapped] : [];
}

/** The files below the folder, whoever made them, that hold one of these texts whole. */
async function filesHolding(folder: string, texts: readonly string[]): Promise<readonly string[]> {
  if (texts.length === 0) return [];
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const held = await readFile(path, "latin1").catch(ignoreMissing);
    if (held !== undefined && texts.some((text) => held.includes(text))) {
      found.push(path.slice(join(folder, "/").length));
    }
  }
  return found.sort();
}
