import { CHECKPOINT_CHAIN, CONTROL_CHAIN } from "../partition.ts";
import { fenceOf, foldLease, type HeldLease, isLeaseTaken, isUnder } from "./lease-state.ts";
import type { LedgerFindingKind } from "./ledger-finding.ts";
import type { LedgerRecord } from "./record.ts";
import type { StoredRecord } from "./record-object.ts";

/** What is wrong with a record whose signature holds and that follows the one before it. */
export interface RecordFault {
  readonly kind: LedgerFindingKind;
  readonly message: string;
}

/** What can be said of a record without any other. `storeId`: not asked when undefined. */
export function judgeRecord({ record }: StoredRecord, storeId: string | undefined): readonly RecordFault[] {
  const name = `record ${record.sequence}`;
  const faults: RecordFault[] = [];
  if (record.version === 2 && storeId !== undefined && record.store !== storeId) {
    faults.push({
      kind: "other-store",
      message: `${name} is of store ${record.store}: it was brought here from another ledger`,
    });
  }
  if (!hasPlace(record)) {
    faults.push({
      kind: "misplaced",
      message: `${name} is a ${record.body.kind}, which has no place in this chain`,
    });
  }
  if (record.chain !== CONTROL_CHAIN && fenceOf(record) !== undefined) {
    faults.push({ kind: "fence", message: `${name} names a lease, and there are none in this chain` });
  }
  return faults;
}

/** A node records what it ships; what is decided and done to the store stands in the control chain. */
function hasPlace({ chain, body }: LedgerRecord): boolean {
  switch (chain) {
    case CONTROL_CHAIN:
      return body.kind !== "batch" && body.kind !== "checkpoint";
    case CHECKPOINT_CHAIN:
      return body.kind === "checkpoint";
    default:
      return body.kind === "rewrite" || (body.kind === "batch" && body.node === chain);
  }
}

/** Follows the leases of the control chain, record by record; of those only that count. */
export interface LeaseWatch {
  /** Undefined when the record is under no lease, or under the one that holds. */
  take(stored: StoredRecord): RecordFault | undefined;
}

export function createLeaseWatch(): LeaseWatch {
  let held: HeldLease | undefined;
  return {
    take(stored) {
      const fault = judgeFence(held, stored);
      held = foldLease(held, stored);
      return fault;
    },
  };
}

/** `held`: the lease that holds when the record is written. */
export function judgeFence(held: HeldLease | undefined, stored: StoredRecord): RecordFault | undefined {
  const fence = fenceOf(stored.record);
  const isStray = fence !== undefined && (held === undefined || !isUnder(held, stored));
  if (!isStray || isLeaseTaken(stored)) return undefined;
  const why = held === undefined ? "none holds" : `that of record ${held.fence} holds`;
  return {
    kind: "fence",
    message: `record ${stored.record.sequence} is written under the lease of record ${fence}, and ${why}: two did the same at once`,
  };
}
