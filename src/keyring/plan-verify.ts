import type { RecipientSnapshot } from "../recipients/recipient-snapshot.ts";
import { formatDayKey } from "../seal/day-key-name.ts";
import { counted } from "./counted.ts";
import type { KeyEntry } from "./keyring.ts";
import { isKept } from "./keyring-sight.ts";
import { publishedFor } from "./plan-alarms.ts";

/** What was tried of a kept key. */
export type KeyTrial =
  | { readonly kind: "right" }
  /** It is not there, does not unwrap, or is another than the one that is listed. */
  | { readonly kind: "lost"; readonly message: string };

/** The sealed objects of a view, day and class. */
export interface ObjectGroup {
  /** As {@link formatDayKey} writes it. */
  readonly name: string;
  readonly objects: number;
  /** The first that was listed, below its view's root. */
  readonly example: string;
}

/** An object whose header the key of its name does not open. */
export interface ClosedObject {
  /** With its view: `raw/dt=…`. */
  readonly key: string;
}

export interface VerifySight {
  readonly entries: readonly KeyEntry[];
  /** By {@link formatDayKey}, of each kept key. */
  readonly trials: ReadonlyMap<string, KeyTrial>;
  readonly published: RecipientSnapshot | undefined;
  readonly groups: readonly ObjectGroup[];
  readonly closed: readonly ClosedObject[];
}

export interface VerifyFinding {
  /** True for what loses evidence; false for what somebody has to see to. */
  readonly isSerious: boolean;
  readonly text: string;
}

/** Compares the keys with what is published and with what is stored. */
export function planVerify(sight: VerifySight): readonly VerifyFinding[] {
  return [
    ...trialFindings(sight),
    ...publishedFindings(sight),
    ...groupFindings(sight),
    ...closedFindings(sight),
  ];
}

function trialFindings({ entries, trials }: VerifySight): readonly VerifyFinding[] {
  return entries.filter(isKept).flatMap((entry) => {
    const name = formatDayKey(entry);
    const trial = trials.get(name);
    if (trial === undefined || trial.kind === "right") return [];
    return [
      serious(
        `the key of ${name} is lost: ${trial.message}; restore it from an export (hostlog keys restore)`,
      ),
    ];
  });
}

function publishedFindings({ entries, published }: VerifySight): readonly VerifyFinding[] {
  if (published === undefined) return [];
  return entries.filter(isKept).flatMap((entry) => {
    const recipient = publishedFor(published, entry);
    if (recipient === undefined || recipient === entry.recipient) return [];
    const what = recipient === null ? "as destroyed" : "with another recipient than this keyring has";
    return [serious(`the key of ${formatDayKey(entry)} is published ${what}: run hostlog keys publish`)];
  });
}

function groupFindings({ entries, groups }: VerifySight): readonly VerifyFinding[] {
  const byName = new Map(entries.map((entry) => [formatDayKey(entry), entry]));
  return groups.flatMap(({ name, objects, example }) => {
    const entry = byName.get(name);
    if (entry === undefined) {
      return [serious(`there is no key for ${counted(objects, "object")} of ${name}, such as ${example}`)];
    }
    if (isKept(entry)) return [];
    const text = `${counted(objects, "object")} of ${name}, such as ${example}, cannot be opened since ${entry.destroyedAt}, when the key was destroyed: due for purge`;
    return [{ isSerious: false, text }];
  });
}

function closedFindings({ closed }: VerifySight): readonly VerifyFinding[] {
  return closed.map(({ key }) =>
    serious(`${key} is not sealed for the key of its day, or its header was damaged: nobody can open it`),
  );
}

function serious(text: string): VerifyFinding {
  return { isSerious: true, text };
}
