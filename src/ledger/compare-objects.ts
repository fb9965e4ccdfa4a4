import type { View } from "../view.ts";

/** What the ledger says of an object. */
export interface ExpectedObject {
  readonly sizeBytes: number;
  /** Unknown for what only a record of its destruction names. */
  readonly sha256?: string;
  /** True once a record says that it was destroyed. */
  readonly isDestroyed: boolean;
}

/** Where a listing and the ledger disagree. */
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
  /** There, as long as recorded, and of other bytes. */
  | { readonly kind: "altered"; readonly view: View; readonly key: string }
  /** Recorded as destroyed, and still there or there again, if only as an older version or an unfinished upload. */
  | { readonly kind: "undead"; readonly view: View; readonly key: string }
  /** In a store that seals, an object of raw or quarantine that is not sealed. */
  | { readonly kind: "unsealed"; readonly view: View; readonly key: string }
  /** A sealed object where none is sealed: in analytics, or in a store that does not seal. */
  | { readonly kind: "sealed"; readonly view: View; readonly key: string }
  /** There, and no record names it: a batch on its way, or an object that somebody else put there. */
  | { readonly kind: "unrecorded"; readonly view: View; readonly key: string };

/** Compares what is listed of a view with what is expected there, by key. */
export function compareObjects(
  view: View,
  listed: ReadonlyMap<string, number>,
  expected: ReadonlyMap<string, ExpectedObject>,
): readonly ObjectFinding[] {
  const findings: ObjectFinding[] = [];
  for (const [key, { sizeBytes: recordedBytes, isDestroyed }] of expected) {
    const sizeBytes = listed.get(key);
    if (isDestroyed) {
      if (sizeBytes !== undefined) findings.push({ kind: "undead", view, key });
    } else if (sizeBytes === undefined) findings.push({ kind: "missing", view, key });
    else if (sizeBytes !== recordedBytes)
      findings.push({ kind: "changed", view, key, sizeBytes, recordedBytes });
  }
  for (const key of listed.keys()) {
    if (!expected.has(key)) findings.push({ kind: "unrecorded", view, key });
  }
  return findings;
}
