import { CONTROL_CHAIN } from "../partition.ts";
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
   * `hold` for copies.
   */
  | {
      readonly kind: "unrecorded";
      readonly view: View;
      readonly key: string;
      readonly node: string;
      /** Since when, ISO 8601; undefined where the store does not say. */
      readonly since: string | undefined;
    }
  /** A name that hostlog gives to no object: somebody else put it there, and no purge removes it. */
  | { readonly kind: "foreign"; readonly view: View; readonly key: string };

/** Where a chain is not as it has to be. */
export interface ChainFinding {
  /**
   * `chain`: it is broken at this record, and what is behind it was not read. `replaced`: it does not go on from where a
   * checkpoint, or an earlier audit of this machine, has seen it end. `record`: one that has no place where it stands, or
   * that was written under a lease which was over.
   */
  readonly kind: "chain" | "replaced" | "record";
  readonly chain: string;
  readonly sequence: number;
  readonly message: string;
}

export type Finding =
  | ObjectFinding
  /** The store keeps older versions, delete markers or unfinished uploads of objects that are not destroyed. */
  | ({ readonly kind: "hidden"; readonly view: View } & HiddenCount)
  /** These credentials may not look for all of that: nobody knows whether something destroyed is still there. */
  | { readonly kind: "not-seen"; readonly view: View; readonly message: string }
  | ChainFinding
  /** Records signed by a key that nobody has accepted for their chain. */
  | { readonly kind: "unaccepted"; readonly chain: string; readonly key: string; readonly records: number }
  /** A key that accepted itself in place of all others, and is not pinned. */
  | { readonly kind: "takeover"; readonly sequence: number; readonly key: string }
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
  /** What a certificate, or the beginning of a purge, says it destroys cannot be read, or is not what it says. */
  | { readonly kind: "certificate"; readonly sequence: number; readonly message: string }
  | {
      readonly kind: "gap" | "overlap";
      readonly node: string;
      readonly stream: string;
      readonly from: number;
      readonly to: number;
    };

const bearable: ReadonlySet<Finding["kind"]> = new Set(["foreign", "hidden", "not-seen", "takeover"]);

/** Findings that are wrong in any case; the others a person has to judge, or to see to. */
export function isSerious(finding: Finding): boolean {
  // One of a machine that was installed anew and one of a forger look the same; in the control chain there are no such.
  if (finding.kind === "unaccepted") return finding.chain === CONTROL_CHAIN;
  return !bearable.has(finding.kind);
}

/** How many findings of one kind are kept; the rest is counted. A store of which all is gone must not fill the memory. */
export const FINDINGS_OF_KIND_MAX = 1000;

export interface FindingSink {
  add(finding: Finding): void;
  /** Counts so many of a kind that nobody could name. */
  addUnnamed(kind: Finding["kind"], number: number): void;
  /** True when another one of the kind would only be counted. */
  isFull(kind: Finding["kind"]): boolean;
  readonly findings: readonly Finding[];
  readonly more: MoreFindings;
  save(): SavedFindings;
}

/** By kind, how many there are besides those that are named. */
export type MoreFindings = Readonly<Partial<Record<Finding["kind"], number>>>;

export interface SavedFindings {
  readonly findings: readonly Finding[];
  readonly more: MoreFindings;
}

export function createFindingSink(saved: SavedFindings = { findings: [], more: {} }): FindingSink {
  const findings = [...saved.findings];
  const more: Partial<Record<Finding["kind"], number>> = { ...saved.more };
  const named = new Map<Finding["kind"], number>();
  for (const { kind } of findings) named.set(kind, (named.get(kind) ?? 0) + 1);
  const isFull = (kind: Finding["kind"]): boolean => (named.get(kind) ?? 0) >= FINDINGS_OF_KIND_MAX;
  const addUnnamed = (kind: Finding["kind"], number: number): void => {
    if (number > 0) more[kind] = (more[kind] ?? 0) + number;
  };
  return {
    add(finding) {
      if (isFull(finding.kind)) return addUnnamed(finding.kind, 1);
      named.set(finding.kind, (named.get(finding.kind) ?? 0) + 1);
      findings.push(finding);
    },
    addUnnamed,
    isFull,
    findings,
    more,
    save: () => ({ findings, more }),
  };
}
