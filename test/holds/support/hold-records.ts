import type { Day } from "../../../src/day.ts";
import { foldHolds, type Hold } from "../../../src/holds/hold-state.ts";
import type { HoldRecord } from "../../../src/ledger/hold-record.ts";
import type { RecordBody } from "../../../src/ledger/record.ts";
import type { StoredRecord } from "../../../src/ledger/record-object.ts";
import type { Attachment } from "../../../src/ledger/recorded-object.ts";

export const attachment = (sha256 = "a".repeat(64)): Attachment => ({
  key: `holds/${sha256}.json.gz`,
  sizeBytes: 1,
  sha256,
});

export function storedRecords(...bodies: readonly RecordBody[]): readonly StoredRecord[] {
  return bodies.map((body, index) => ({
    record: {
      version: 2,
      store: "0",
      chain: "control",
      sequence: index + 1,
      previous: "0".repeat(64),
      body,
    },
    sha256: "0".repeat(64),
    signedBy: "ed25519:known",
  }));
}

/** Every record counts. */
export const trustsAll = { trusts: () => true };

export function foldedHolds(...records: readonly HoldRecord[]): readonly Hold[] {
  return foldHolds(storedRecords(...records), trustsAll);
}

const event = { at: "2026-02-04T01:00:00.000Z", clock: "argument", hold: "0a1b2c3d" } as const;

export function placedRecord(change: Partial<Extract<HoldRecord, { kind: "hold-placed" }>> = {}): HoldRecord {
  return {
    kind: "hold-placed",
    ...event,
    case: "K 12/26",
    basis: "order 7",
    firstDay: "2026-02-01" as Day,
    lastDay: "2026-02-03" as Day,
    end: "2026-05-05" as Day,
    scope: attachment(),
    domains: 1,
    addresses: 2,
    ...change,
  };
}

export function copiedRecord(change: Partial<Extract<HoldRecord, { kind: "hold-copied" }>> = {}): HoldRecord {
  return {
    kind: "hold-copied",
    ...event,
    day: "2026-02-01" as Day,
    inputs: attachment("b".repeat(64)),
    inputObjects: 1,
    outputs: [],
    rows: 0,
    ...change,
  };
}

export function renewedRecord(end: string, at: string = event.at): HoldRecord {
  return { kind: "hold-renewed", ...event, at, end: end as Day, reason: "it goes on" };
}

export function liftedRecord(at: string): HoldRecord {
  return { kind: "hold-lifted", ...event, at, reason: "settled" };
}
