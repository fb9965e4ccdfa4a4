import { rename } from "node:fs/promises";
import { join } from "node:path";
import { addDays, type Day } from "../../day.ts";
import { syncDirectory, writeNewFile } from "../../durable-file.ts";
import { decodeRecipient } from "../../seal/age-text.ts";
import type { DayKeyName } from "../../seal/day-key-name.ts";
import type { KeysMade } from "../keyring.ts";
import { emptyMonth, formatMonth, type MonthFile, monthFileName, withKeys } from "../month-file.ts";
import type { WishedSeries } from "../plan-keys.ts";
import { damaged } from "../read-checked.ts";
import { makeKey } from "../wrap-identity.ts";
import { ensureDaysFolder, keyringFiles, readMonth, rereadKeyringFile } from "./keyring-folder.ts";
import { FILE_MODE } from "./private-file.ts";
import { replaceFile, sweepLeftovers, temporaryName } from "./shred-file.ts";

/** Makes the missing keys of the series, month by month. Only for who holds the lock. */
export async function ensureKeys(
  folder: string,
  wished: readonly WishedSeries[],
  at: string,
): Promise<KeysMade> {
  const { store, custodianRecipient } = await rereadKeyringFile(folder);
  const recipient = decodeRecipient(custodianRecipient);
  if (recipient === undefined) {
    throw damaged(join(folder, keyringFiles.keyring), "its custodian recipient is no X25519 recipient");
  }
  await sweepLeftovers(folder);
  await ensureDaysFolder(folder);
  const days: Day[] = [];
  for (const [name, names] of byMonth(wished)) {
    const month = await readMonth(folder, store, name);
    const missing = names.filter(({ day }) => month?.keys.has(day) !== true);
    const [first] = missing;
    if (first === undefined) continue;
    const keys = missing.map(({ day }) => [day, makeKey(recipient, at)] as const);
    await writeMonth(folder, name, withKeys(month ?? emptyMonth(store, first), keys), month !== undefined);
    days.push(...missing.map(({ day }) => day));
  }
  // New months need their names to last once, not one by one.
  if (days.length > 0) await syncDirectory(join(folder, keyringFiles.days));
  days.sort();
  return { made: days.length, firstDay: days[0], lastDay: days.at(-1) };
}

async function writeMonth(
  folder: string,
  name: string,
  month: MonthFile,
  isReplacing: boolean,
): Promise<void> {
  const path = join(folder, keyringFiles.days, name);
  if (isReplacing) {
    await replaceFile(path, formatMonth(month));
    return;
  }
  const temporary = temporaryName(path);
  await writeNewFile(temporary, formatMonth(month), FILE_MODE);
  await rename(temporary, path);
}

/** The wished keys by the names of their files. */
function byMonth(wished: readonly WishedSeries[]): ReadonlyMap<string, readonly DayKeyName[]> {
  const months = new Map<string, DayKeyName[]>();
  for (const { view, retentionClass, firstDay, lastDay } of wished) {
    for (let day = firstDay; day <= lastDay; day = addDays(day, 1)) {
      const name: DayKeyName = { view, day, retentionClass };
      const file = monthFileName(name);
      const names = months.get(file);
      if (names === undefined) months.set(file, [name]);
      else names.push(name);
    }
  }
  return months;
}
