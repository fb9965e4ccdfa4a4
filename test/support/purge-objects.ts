import type { ListedGroup } from "../../retention/listing-summary.ts";
import { foldRetention, type RetentionState } from "../../retention/retention-state.ts";
import type { RetentionPolicy } from "../../retention/rule-for.ts";
import { type Day, parseDay } from "../../src/day.ts";
import type { RecordBody } from "../../src/ledger/record.ts";
import type { StoredRecord } from "../../src/ledger/record-object.ts";
import { formatKey } from "../../src/partition.ts";
import { parseTerm, type Term } from "../../src/term.ts";
import type { View } from "../../src/view.ts";
import { testStoreId } from "./ledger-writer.ts";

/** Throws for what is no day. */
export function dayOf(text: string): Day {
  const day = parseDay(text);
  if (day === undefined) throw new Error(`no day: ${text}`);
  return day;
}

/** Throws for what is no term. */
export function termOf(text: string): Term {
  const term = parseTerm(text);
  if (term === undefined) throw new Error(`no term: ${text}`);
  return term;
}

/** The key of an object as hostlog writes it. */
export function keyOf(view: View, day: Day | string, retentionClass = "standard", number = 0): string {
  return formatKey({
    day: dayOf(day),
    node: "web-1",
    retentionClass,
    batch: number.toString(16).padStart(32, "0"),
    isSealed: view !== "analytics",
  });
}

/** One object of 1000 bytes, of raw and of the class `standard` unless said otherwise. */
export function groupOf(day: Day | string, rest: Partial<ListedGroup> = {}): ListedGroup {
  return { view: "raw", day: dayOf(day), retentionClass: "standard", objects: 1, sizeBytes: 1000, ...rest };
}

/** Terms by class, the same for both views; `quarantine` is no class here. */
export function policyOf(terms: Readonly<Record<string, string>> = {}): RetentionPolicy {
  const { quarantine = "90d", ...classes } = { standard: "2y", ...terms };
  const read = Object.entries(classes).map(
    ([name, term]) => [name, { raw: termOf(term), analytics: termOf(term) }] as const,
  );
  return { classes: Object.fromEntries(read), quarantineTerm: termOf(quarantine), holds: [] };
}

/** Records of a control chain that one accepted key has signed. */
function controlOf(bodies: readonly RecordBody[]): readonly StoredRecord[] {
  return bodies.map((body, index) => ({
    record: {
      version: 2,
      store: testStoreId,
      chain: "control",
      sequence: index + 1,
      previous: "0".repeat(64),
      body,
    },
    sha256: "0".repeat(64),
    signedBy: "ed25519:accepted",
  }));
}

export function stateOf(bodies: readonly RecordBody[]): RetentionState {
  return foldRetention(controlOf(bodies), { trusts: ({ signedBy }) => signedBy === "ed25519:accepted" });
}
