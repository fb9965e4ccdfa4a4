import { addUpInventory } from "../../src/ledger/purge-inventory.ts";
import type {
  PurgeBegunRecord,
  PurgeCertificateRecord,
  PurgeInventory,
} from "../../src/ledger/retention-record.ts";
import { type ExceptionFacts, exceptionsOf } from "./exceptions.ts";

/** What a certificate is made of: what was begun, what there was, and what was seen of it afterwards. */
export interface CertifiedFacts
  extends Pick<PurgeCertificateRecord, "at" | "clock" | "clocks" | "keys" | "holds" | "verification" | "by"> {
  /** The sequence of `record`. */
  readonly begun: number;
  readonly record: PurgeBegunRecord;
  readonly inventory: PurgeInventory;
}

export function makeCertificate(facts: CertifiedFacts): PurgeCertificateRecord {
  const { at, clock, begun, record, clocks, keys, holds, verification, by } = facts;
  const totals = addUpInventory(facts.inventory);
  const exceptionFacts: ExceptionFacts = { at, clock, rule: record.rule, keys, holds, ...totals };
  return {
    kind: "purge-certificate",
    at,
    clock,
    group: record.group,
    rule: record.rule,
    plan: record.plan,
    begun,
    inventory: record.inventory,
    objects: totals.objects,
    versions: totals.versions,
    deleteMarkers: totals.deleteMarkers,
    uploads: totals.uploads,
    rows: totals.rows,
    sizeBytes: totals.sizeBytes,
    unrecordedObjects: totals.unrecordedObjects,
    clocks,
    keys,
    holds,
    verification,
    exceptions: exceptionsOf(exceptionFacts),
    by,
  };
}
