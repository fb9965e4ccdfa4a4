import type { LedgerFinding, LedgerFindingKind } from "./ledger-finding.ts";

/** Findings, of which many records may have the same. */
export interface FindingList {
  /**
   * One of a chain. Those of the same kind, and of the same `of` if it is said, are one finding: the words of that with the
   * lowest sequence, and their number.
   */
  add(chain: string, finding: NewFinding): void;
  /** By chain in the given order, then by record. */
  sorted(order: readonly string[]): readonly LedgerFinding[];
}

export interface NewFinding {
  readonly kind: LedgerFindingKind;
  readonly sequence: number;
  readonly message: string;
  readonly of?: string;
  readonly records?: number;
}

export function createFindingList(): FindingList {
  const findings = new Map<string, LedgerFinding>();
  return {
    add(chain, { kind, sequence, message, of = "", records = 1 }) {
      const name = JSON.stringify([chain, kind, of]);
      const known = findings.get(name);
      if (known === undefined) findings.set(name, { chain, sequence, kind, message, records });
      else {
        const first = sequence < known.sequence ? { sequence, message } : {};
        findings.set(name, { ...known, ...first, records: known.records + records });
      }
    },
    sorted: (order) =>
      [...findings.values()].sort(
        (one, other) =>
          order.indexOf(one.chain) - order.indexOf(other.chain) || one.sequence - other.sequence,
      ),
  };
}
