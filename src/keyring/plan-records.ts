import type { Day } from "../day.ts";
import type { KeyRecord, KeysMadeRecord, KeysRotatedRecord } from "../ledger/key-record.ts";
import type { KeyExport } from "./key-export.ts";
import type { KeyEntry } from "./keyring.ts";

/** What has become of a keyring, and what the ledger knows of it. */
export interface KeyHistory {
  readonly entries: readonly KeyEntry[];
  readonly exports: readonly KeyExport[];
  /** The newest snapshot on the store. */
  readonly published: PublishedSnapshot | undefined;
  /** Every key that the provider has had, the oldest first. */
  readonly providerKeys: readonly string[];
  /** The custodian's recipient, where it is another than before; else undefined. */
  readonly newCustodian: string | undefined;
  readonly recorded: readonly KeyRecord[];
  readonly stamp: Pick<KeyRecord, "at" | "clock">;
}

export interface PublishedSnapshot {
  readonly generation: number;
  readonly sha256: string;
  readonly lastDay: Day;
}

/**
 * The records that are missing in the ledger. They follow from the keyring as it is, not from what a command has just
 * done: one that was killed, or could not reach the ledger, leaves nothing that the next one does not record.
 * Destructions are not among them: their record has a proof, which is not repeated here.
 */
export function owedRecords(history: KeyHistory): readonly KeyRecord[] {
  return [...owedMade(history), ...owedPublished(history), ...owedExports(history), ...owedRotated(history)];
}

/** Keys that are made at once have one `createdAt`, which is their record's `at`. */
function owedMade({ entries, recorded, stamp }: KeyHistory): readonly KeysMadeRecord[] {
  const recordedKeys = new Map<string, number>();
  for (const record of recorded) {
    if (record.kind !== "keys-made") continue;
    recordedKeys.set(record.at, (recordedKeys.get(record.at) ?? 0) + record.keys);
  }
  const made = new Map<string, Day[]>();
  for (const { createdAt, day } of entries) {
    const days = made.get(createdAt);
    if (days === undefined) made.set(createdAt, [day]);
    else days.push(day);
  }
  return [...made.entries()].sort(byText).flatMap(([at, days]) => {
    const keys = days.length - (recordedKeys.get(at) ?? 0);
    const sorted = days.sort();
    const [firstDay] = sorted;
    const lastDay = sorted.at(-1);
    if (keys <= 0 || firstDay === undefined || lastDay === undefined) return [];
    return [{ kind: "keys-made", at, clock: stamp.clock, keys, firstDay, lastDay }];
  });
}

function owedPublished({ published, recorded, stamp }: KeyHistory): readonly KeyRecord[] {
  if (published === undefined) return [];
  const isRecorded = recorded.some(
    (record) =>
      record.kind === "recipients-published" &&
      record.generation === published.generation &&
      record.sha256 === published.sha256,
  );
  if (isRecorded) return [];
  const { generation, sha256, lastDay } = published;
  return [{ kind: "recipients-published", ...stamp, generation, sha256, lastDay }];
}

function owedExports({ exports, recorded, stamp }: KeyHistory): readonly KeyRecord[] {
  const numbersOf = (kind: "keys-exported" | "export-gone"): ReadonlySet<number> =>
    new Set(recorded.flatMap((record) => (record.kind === kind ? [record.number] : [])));
  const exported = numbersOf("keys-exported");
  const goneBefore = numbersOf("export-gone");
  return exports.flatMap(({ number, at, sha256, keys, gone }): readonly KeyRecord[] => [
    ...(exported.has(number)
      ? []
      : [{ kind: "keys-exported" as const, at, clock: stamp.clock, number, sha256, keys }]),
    ...(gone === undefined || goneBefore.has(number)
      ? []
      : [{ kind: "export-gone" as const, at: gone.at, clock: stamp.clock, number, reason: gone.reason }]),
  ]);
}

/** The first key of a provider came with the keyring. */
function owedRotated(history: KeyHistory): readonly KeysRotatedRecord[] {
  const { providerKeys, newCustodian, recorded, stamp } = history;
  const rotated = (what: KeysRotatedRecord["what"], key: string): KeysRotatedRecord => ({
    kind: "keys-rotated",
    ...stamp,
    what,
    key,
  });
  return [
    ...providerKeys.slice(1).map((key) => rotated("provider", key)),
    ...(newCustodian === undefined ? [] : [rotated("custodian", newCustodian)]),
  ].filter(
    ({ what, key }) =>
      !recorded.some(
        (record) => record.kind === "keys-rotated" && record.what === what && record.key === key,
      ),
  );
}

function byText([first]: readonly [string, unknown], [second]: readonly [string, unknown]): number {
  return first < second ? -1 : first > second ? 1 : 0;
}
