import { cp, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Day, parseDay } from "../../../src/day.ts";
import { createKeyring } from "../../../src/keyring/io/create-keyring.ts";
import { openKeyring } from "../../../src/keyring/io/open-keyring.ts";
import type {
  CustodianSecrets,
  CustodianWish,
  Keyring,
  UnlockedKeyring,
} from "../../../src/keyring/keyring.ts";
import type { WishedSeries } from "../../../src/keyring/plan-keys.ts";
import type { DayKeyName } from "../../../src/seal/day-key-name.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

export const STORE = "6f1c2f9e-5c53-4a7e-9d6e-0a4b2f1d7c11";
export const AT = "2026-11-22T09:00:00.000Z";
export const LATER = "2026-11-23T09:00:00.000Z";

export const nothing: CustodianSecrets = { identities: [], passphrase: undefined };

export function day(text: string): Day {
  const parsed = parseDay(text);
  if (parsed === undefined) throw new Error(`${text} is no day`);
  return parsed;
}

export function series(firstDay: string, lastDay: string, rest: Partial<WishedSeries> = {}): WishedSeries {
  return { view: "raw", retentionClass: "standard", firstDay: day(firstDay), lastDay: day(lastDay), ...rest };
}

export function raw(text: string): DayKeyName {
  return { view: "raw", retentionClass: "standard", day: day(text) };
}

/** Four keys in two months of raw, one of quarantine. */
export const fewSeries: readonly WishedSeries[] = [
  series("2026-10-30", "2026-11-02"),
  series("2026-11-02", "2026-11-02", { view: "quarantine" }),
];

/** A new keyring with keys for {@link fewSeries}, in a folder that is gone when the test ends. */
export async function makeKeyring(custodian: CustodianWish = { kind: "small" }): Promise<Keyring> {
  const keyring = await makeEmptyKeyring(custodian);
  await keyring.ensure(fewSeries, AT);
  return keyring;
}

export async function makeEmptyKeyring(custodian: CustodianWish = { kind: "small" }): Promise<Keyring> {
  const folder = join(await temporaryFolder(), "keys", STORE);
  return createKeyring(folder, { storeId: STORE, at: AT, custodian });
}

/** As another process finds it. */
export async function reopen({ folder }: Pick<Keyring, "folder">): Promise<Keyring> {
  const keyring = await openKeyring(folder, STORE);
  if (keyring === undefined) throw new Error(`no keyring in ${folder}`);
  return keyring;
}

/** What a backup would have taken of it now. */
export async function copyOf({ folder }: Pick<Keyring, "folder">): Promise<string> {
  const copy = join(await temporaryFolder(), STORE);
  await cp(folder, copy, { recursive: true });
  return copy;
}

export async function identityOf(unlocked: UnlockedKeyring, name: DayKeyName): Promise<Uint8Array> {
  const answer = await unlocked.identityOf(name);
  if (answer.kind !== "identity") throw new Error(`${name.day}: ${answer.kind}`);
  return answer.identity;
}

/** Every file below a folder, by its path from there. */
export async function filesBelow(folder: string): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files.set(path.slice(folder.length + 1), await readFile(path));
  }
  return files;
}

/** The wrapped identity of a day as it lies in its month's file, base64. */
export async function wrappedIn(
  folder: string,
  { view, retentionClass, day: date }: DayKeyName,
): Promise<string> {
  const name = `${view}_${retentionClass}_${date.slice(0, 7)}.json`;
  const month = JSON.parse(await readFile(join(folder, "days", name), "utf8"));
  return month.keys[date].identity;
}
