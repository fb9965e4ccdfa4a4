import type { View } from "../view.ts";
import type { HiddenCount } from "./audit-hidden.ts";

/** Where what the ledger says and what the store shows disagree, about one object. */
export type ObjectFinding =
  /** Recorded, not destroyed, and not there. */
  | { readonly kind: "missing"; readonly view: View; readonly key: string }
  /** There, but of another size than recorded. */
  | {
      readonly kind: "changed";
      readonly view: View;
      readonly key: string;
      readonly sizeBytes: number;
      readonly recordedBytes: number;
    }
  /** There, as long as recorded, and of other bytes: by the server's word (MD5), or by reading it. */
  | { readonly kind: "altered"; readonly view: View; readonly key: string }
  /** Recorded as destroyed, and still there or there again, if only as an older version or an unfinished upload. */
  | { readonly kind: "undead"; readonly view: View; readonly key: string }
  /** In a store that seals, an object of raw or quarantine that is not sealed. */
  | { readonly kind: "unsealed"; readonly view: View; readonly key: string }
  /** A sealed object where none is sealed: in analytics, or in a store that does not seal. */
  | { readonly kind: "sealed"; readonly view: View; readonly key: string }
  /**
   * There for longer than a batch may be on its way, and no record names it. `node`: who has put it there, by its name;
   * undefined for a name that is none of ours.
   */
  | {
      readonly kind: "unrecorded";
      readonly view: View;
      readonly key: string;
      readonly node: string | undefined;
      /** Since when, ISO 8601; undefined where the store does not say. */
      readonly since: string | undefined;
    }
  /** A name that no operation of hostlog reaches: somebody else put it there, and no purge removes it. */
  | { readonly kind: "foreign"; readonly view: View; readonly key: string };

export type Finding =
  | ObjectFinding
  /** The store keeps older versions, delete markers or unfinished uploads of objects that are not destroyed. */
  | ({ readonly kind: "hidden"; readonly view: View } & HiddenCount)
  /** These credentials may not look for all of that: nobody knows whether something destroyed is still there. */
  | { readonly kind: "not-seen"; readonly view: View; readonly message: string }
  /** A chain is broken at a record; what is behind it was not read. */
  | { readonly kind: "chain"; readonly chain: string; readonly sequence: number; readonly message: string }
  /** Records signed by a key that nobody has accepted for their chain. */
  | { readonly kind: "unaccepted"; readonly chain: string; readonly key: string; readonly records: number }
  /** A manifest that is missing or not the recorded one, or that names other objects than the record does. */
  | { readonly kind: "manifest"; readonly node: string; readonly batch: string; readonly message: string }
  /** A record's counts are not those of its manifest, or do not add up. */
  | { readonly kind: "counts"; readonly node: string; readonly batch: string }
  /** Two records name the same object as stored. */
  | { readonly kind: "recorded-twice"; readonly view: View; readonly key: string }
  /** A rewrite takes an object that another rewrite or a certificate took too. */
  | { readonly kind: "consumed-twice"; readonly view: View; readonly key: string }
  /** Of the rows that went into a rewrite, some neither came out nor were erased; or more came out. */
  | { readonly kind: "rows-lost"; readonly chain: string; readonly sequence: number; readonly rows: number }
  /** What a certificate says it destroyed cannot be read, or is not what it says. */
  | { readonly kind: "certificate"; readonly sequence: number; readonly message: string }
  | {
      readonly kind: "gap" | "overlap";
      readonly node: string;
      readonly stream: string;
      readonly from: number;
      readonly to: number;
    };

const bearable: ReadonlySet<Finding["kind"]> = new Set(["foreign", "hidden", "not-seen", "unaccepted"]);

/** Findings that are wrong in any case; the others a person has to judge, or to see to. */
export function isSerious({ kind }: Finding): boolean {
  return !bearable.has(kind);
}

/** How many findings of one kind are kept; the rest is counted. A store of which all is gone must not fill the memory. */
const KEPT_MAX = 1000;

export interface FindingSink {
  add(finding: Finding): void;
  readonly findings: readonly Finding[];
  /** By kind, those that are not among `findings`. */
  readonly more: Readonly<Partial<Record<Finding["kind"], number>>>;
}

export function createFindingSink(kept: readonly Finding[] = []): FindingSink {
  const findings: Finding[] = [];
  const counts = new Map<Finding["kind"], number>();
  const more: Partial<Record<Finding["kind"], number>> = {};
  const add = (finding: Finding): void => {
    const count = (counts.get(finding.kind) ?? 0) + 1;
    counts.set(finding.kind, count);
    if (count <= KEPT_MAX) findings.push(finding);
    else more[finding.kind] = count - KEPT_MAX;
  };
  for (const finding of kept) add(finding);
  return { add, findings, more };
}
