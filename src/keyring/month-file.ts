import { z } from "zod";
import { type Day, parseDay } from "../day.ts";
import { isClassName } from "../partition.ts";
import { type DayKeyName, type SealedView, sealedViews } from "../seal/day-key-name.ts";
import type { KeyEntry } from "./keyring.ts";
import { damaged, KEYRING_VERSION, readChecked } from "./read-checked.ts";
import { base64Text, dayText, instantText, recipientText } from "./text-patterns.ts";

/** The keys of one view and class whose days lie in one month. */
export interface MonthFile {
  readonly store: string;
  readonly view: SealedView;
  readonly retentionClass: string;
  /** `2026-11` */
  readonly month: string;
  readonly keys: ReadonlyMap<Day, MonthKey>;
}

export type MonthKey = KeptKey | DestroyedMonthKey;

export interface KeptKey {
  /** `age1…` */
  readonly recipient: string;
  readonly createdAt: string;
  /** The private identity: an age file for the custodian identity, as base64. */
  readonly wrapped: string;
}

/** What stays for ever of a key that was destroyed: the day cannot come back. */
export interface DestroyedMonthKey {
  readonly recipient: string;
  readonly createdAt: string;
  readonly destroyedAt: string;
  readonly exportedIn: readonly number[];
  /** Files in the keyring's folder that held it and that somebody else had put there, below that folder. */
  readonly copiesLeft: readonly string[];
}

const keptKey = z.strictObject({ recipient: recipientText, created_at: instantText, identity: base64Text });

const destroyedKey = z.strictObject({
  recipient: recipientText,
  created_at: instantText,
  destroyed_at: instantText,
  exported_in: z.array(z.int().positive()),
  copies_left: z.array(z.string()),
});

const schema = z.strictObject({
  version: z.literal(KEYRING_VERSION),
  store: z.string(),
  view: z.enum(sealedViews),
  class: z.string().refine(isClassName),
  month: z.string(),
  keys: z.record(dayText, z.union([keptKey, destroyedKey])),
});

const namePattern = /^(?:raw|quarantine)_[a-z][a-z0-9-]*_\d{4}-\d{2}\.json$/;

/** Of a file in `days/`: whether it is a month's, by its name. */
export function isMonthFileName(name: string): boolean {
  return namePattern.test(name);
}

/** The file that holds a day's key, below `days/`: `raw_standard_2026-11.json`. */
export function monthFileName({ view, retentionClass, day }: DayKeyName): string {
  return `${view}_${retentionClass}_${day.slice(0, 7)}.json`;
}

export function emptyMonth(store: string, { view, retentionClass, day }: DayKeyName): MonthFile {
  return { store, view, retentionClass, month: day.slice(0, 7), keys: new Map() };
}

/** A copy with these keys added, or put in place of those of the same days. */
export function withKeys(file: MonthFile, keys: Iterable<readonly [Day, MonthKey]>): MonthFile {
  const all = [...new Map([...file.keys, ...keys])].sort(([a], [b]) => (a < b ? -1 : 1));
  return { ...file, keys: new Map(all) };
}

export function isKept(key: MonthKey): key is KeptKey {
  return "wrapped" in key;
}

export function entriesOf({ view, retentionClass, keys }: MonthFile): readonly KeyEntry[] {
  return [...keys].map(([day, key]) => {
    const common = { view, retentionClass, day, recipient: key.recipient, createdAt: key.createdAt };
    return isKept(key)
      ? { ...common, destroyedAt: undefined }
      : { ...common, destroyedAt: key.destroyedAt, exportedIn: key.exportedIn };
  });
}

export function formatMonth({ store, view, retentionClass, month, keys }: MonthFile): Uint8Array {
  const fields: z.input<typeof schema> = {
    version: KEYRING_VERSION,
    store,
    view,
    class: retentionClass,
    month,
    keys: Object.fromEntries([...keys].map(([day, key]) => [day, fieldsOf(key)])),
  };
  return Buffer.from(`${JSON.stringify(fields, null, 1)}\n`);
}

/** Throws UserError, which names `path`, also for a file of another store, view, class or month than its place says. */
export function parseMonth(bytes: Uint8Array, path: string, store: string): MonthFile {
  const read = readChecked(bytes, schema, path);
  const { view, class: retentionClass, month } = read;
  const keys = new Map<Day, MonthKey>();
  for (const [text, fields] of Object.entries(read.keys)) {
    const day = parseDay(text);
    if (day !== undefined) keys.set(day, keyOf(fields));
  }
  const days = [...keys.keys()];
  const belongs =
    path.endsWith(`/${view}_${retentionClass}_${month}.json`) &&
    days.every((day) => day.startsWith(`${month}-`));
  if (read.store !== store || !belongs) throw damaged(path, "it holds keys of another store, class or month");
  return { store, view, retentionClass, month, keys };
}

function fieldsOf(key: MonthKey): z.infer<typeof keptKey> | z.infer<typeof destroyedKey> {
  const common = { recipient: key.recipient, created_at: key.createdAt };
  return isKept(key)
    ? { ...common, identity: key.wrapped }
    : {
        ...common,
        destroyed_at: key.destroyedAt,
        exported_in: [...key.exportedIn],
        copies_left: [...key.copiesLeft],
      };
}

function keyOf(fields: z.infer<typeof keptKey> | z.infer<typeof destroyedKey>): MonthKey {
  const common = { recipient: fields.recipient, createdAt: fields.created_at };
  return "identity" in fields
    ? { ...common, wrapped: fields.identity }
    : {
        ...common,
        destroyedAt: fields.destroyed_at,
        exportedIn: fields.exported_in,
        copiesLeft: fields.copies_left,
      };
}
