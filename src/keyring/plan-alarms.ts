import { daysBetween } from "../day.ts";
import { isHoldClass } from "../partition.ts";
import type { RecipientSnapshot } from "../recipients/recipient-snapshot.ts";
import type { DayKeyName } from "../seal/day-key-name.ts";
import { oldestKeptDay, TERM_MAX } from "../term.ts";
import { counted } from "./counted.ts";
import type { KeyExport } from "./key-export.ts";
import type { KeyEntry } from "./keyring.ts";
import { daysSince, isKept, isOutstanding, type KeyringSight, newestExport } from "./keyring-sight.ts";
import { LOW_DAYS, type WishedSeries } from "./plan-keys.ts";
import type { SeriesReport } from "./plan-series.ts";

/** An off-site copy that is older than this says nothing of the keys that are in use by now: it is made monthly. */
export const EXPORT_AGE_DAYS_MAX = 35;

export interface KeyAlarm {
  readonly kind:
    | "few-days-left"
    | "past-due"
    | "not-published"
    | "published-is-behind"
    | "copies-outstanding"
    | "no-fresh-export"
    | "not-in-an-export";
  /** What it is and what to do, in a sentence. */
  readonly text: string;
}

/** What somebody has to do something about, given what {@link planSeries} made of the same sight. */
export function planAlarms(sight: KeyringSight, series: readonly SeriesReport[]): readonly KeyAlarm[] {
  return [
    ...daysAlarms(sight, series),
    ...pastDueAlarms(sight),
    ...publishedAlarms(sight),
    ...copiesAlarms(sight.entries, sight.exports),
    ...exportAlarms(sight),
  ];
}

function daysAlarms({ wished }: KeyringSight, series: readonly SeriesReport[]): readonly KeyAlarm[] {
  return wished.flatMap(({ view, retentionClass }): readonly KeyAlarm[] => {
    const found = series.find((one) => one.view === view && one.retentionClass === retentionClass);
    const days = found?.daysLeft ?? 0;
    if (days >= LOW_DAYS) return [];
    const text = `keys of ${view} ${retentionClass} are there for ${counted(days, "more day")}: run hostlog keys ensure`;
    return [{ kind: "few-days-left", text }];
  });
}

/** Who destroys daily leaves none; a day is given for the night in which it happens. */
function pastDueAlarms({ entries, wished, today }: KeyringSight): readonly KeyAlarm[] {
  const firstDays = new Map(wished.map((series) => [seriesName(series), series.firstDay]));
  // Keys of holds end with their hold, whatever their day: that is for retention to say.
  const ofTerms = entries.filter((entry) => isKept(entry) && !isHoldClass(entry.retentionClass));
  const pastDue = ofTerms.filter((entry) => {
    const firstDay = firstDays.get(seriesName(entry)) ?? oldestKeptDay(today, TERM_MAX);
    return daysBetween(entry.day, firstDay) > 1;
  });
  if (pastDue.length === 0) return [];
  const [oldest] = pastDue.map(({ day }) => day).sort();
  const text = `${counted(pastDue.length, "key")} past the term of their day, the oldest of ${oldest ?? ""}: run hostlog keys destroy --due, each day from now on`;
  return [{ kind: "past-due", text }];
}

function seriesName({ view, retentionClass }: Pick<DayKeyName, "view" | "retentionClass">): string {
  return `${view}/${retentionClass}`;
}

function publishedAlarms(sight: KeyringSight): readonly KeyAlarm[] {
  const { keyring, entries, published, publishedBy, wished } = sight;
  if (published === undefined) {
    const text = "nothing is published, so that no node can seal: run hostlog keys publish";
    return [{ kind: "not-published", text }];
  }
  const inTerm = entries.filter((entry) => wished.some((series) => isWithin(series, entry)));
  const missing = inTerm.filter((entry) => isKept(entry) && publishedFor(published, entry) === undefined);
  const undead = inTerm.filter(
    (entry) => !isKept(entry) && typeof publishedFor(published, entry) === "string",
  );
  // Nodes refuse lines of days past their term by themselves, so only days that they still take count.
  const behind = [
    ...(publishedBy === keyring.providerKey ? [] : ["signed with the provider's key of before"]),
    ...(missing.length === 0 ? [] : [`${counted(missing.length, "key")} that nodes do not know of`]),
    ...(undead.length === 0
      ? []
      : [
          `${counted(undead.length, "destroyed key")} for which nodes still seal what nobody will be able to open`,
        ]),
  ];
  if (behind.length === 0) return [];
  const text = `generation ${published.generation} on the store is older than the keyring: ${behind.join(", ")}: run hostlog keys publish`;
  return [{ kind: "published-is-behind", text }];
}

/** Undefined: not published. Null: published as destroyed. */
export function publishedFor(
  { series }: RecipientSnapshot,
  { view, retentionClass, day }: DayKeyName,
): string | null | undefined {
  for (const one of series) {
    if (one.view !== view || one.retentionClass !== retentionClass) continue;
    const recipient = one.recipients[daysBetween(one.firstDay, day)];
    if (recipient !== undefined) return recipient;
  }
  return undefined;
}

function copiesAlarms(entries: readonly KeyEntry[], exports: readonly KeyExport[]): readonly KeyAlarm[] {
  const outstanding = new Set(exports.filter(isOutstanding).map(({ number }) => number));
  const held = entries.filter(
    (entry) => !isKept(entry) && (entry.exportedIn ?? []).some((number) => outstanding.has(number)),
  );
  if (held.length === 0) return [];
  const numbers = [...outstanding].filter((number) =>
    held.some(({ exportedIn }) => exportedIn?.includes(number)),
  );
  const text = `${counted(held.length, "key")} destroyed here; copies outstanding: ${numbers.length} (${exportNames(numbers)}). Destroy each with its copies, then run hostlog keys gone NUMBER --reason TEXT`;
  return [{ kind: "copies-outstanding", text }];
}

function exportAlarms({ keyring, entries, exports, today }: KeyringSight): readonly KeyAlarm[] {
  const kept = entries.filter(isKept);
  const newest = newestExport(exports);
  if (newest === undefined) {
    const oldest = kept.map(({ createdAt }) => createdAt).sort()[0];
    if (oldest === undefined || daysSince(oldest, today) <= EXPORT_AGE_DAYS_MAX) return [];
    const text = `${keyring.folder} is the only copy of these keys, and without them nobody can read what is sealed: run hostlog keys export, and keep the file elsewhere`;
    return [{ kind: "no-fresh-export", text }];
  }
  const ageDays = daysSince(newest.at, today);
  if (ageDays > EXPORT_AGE_DAYS_MAX) {
    const text = `the newest export, ${newest.number}, is ${ageDays} days old: run hostlog keys export, replace the old file with it, and run hostlog keys gone for the old one`;
    return [{ kind: "no-fresh-export", text }];
  }
  const inUse = kept.filter(({ day, createdAt }) => day <= today && isAfter(createdAt, newest.newestKeyAt));
  if (inUse.length === 0) return [];
  const text = `${counted(inUse.length, "key")} of days up to today ${inUse.length === 1 ? "is" : "are"} in no export: run hostlog keys export`;
  return [{ kind: "not-in-an-export", text }];
}

function isWithin({ view, retentionClass, firstDay, lastDay }: WishedSeries, name: DayKeyName): boolean {
  return (
    view === name.view &&
    retentionClass === name.retentionClass &&
    firstDay <= name.day &&
    name.day <= lastDay
  );
}

/** `export 1`, `exports 1, 2`: for people. */
export function exportNames(numbers: readonly number[]): string {
  return `${numbers.length === 1 ? "export" : "exports"} ${numbers.join(", ")}`;
}

function isAfter(at: string, other: string | undefined): boolean {
  return other === undefined || at > other;
}
