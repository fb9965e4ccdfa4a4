import type { StoredRecord } from "./record-object.ts";

/** A lease that is not over yet, unless its time is. */
export interface HeldLease {
  /** The sequence of the record that took it: what records under it carry. */
  readonly fence: number;
  /** For people: machine and process. */
  readonly holder: string;
  /** The key that signed it. */
  readonly key: string;
  /** ms since 1970: from then on another may take it. */
  readonly untilMs: number;
}

/** How long a lease lasts from its last record on. */
export const LEASE_MS = 10 * 60_000;

/** Whose lease holds after this record, which has to be by a key that may write the control chain. */
export function foldLease(held: HeldLease | undefined, stored: StoredRecord): HeldLease | undefined {
  const { record, signedBy } = stored;
  const { body } = record;
  if (signedBy === undefined) return held;
  const untilMs = Date.parse(body.at) + LEASE_MS;
  if (isLeaseTaken(stored) && body.kind === "lease") {
    return { fence: record.sequence, holder: body.holder, key: signedBy, untilMs };
  }
  if (held === undefined || !isUnder(held, stored)) return held;
  return body.kind === "lease-ended" ? undefined : { ...held, untilMs: Math.max(held.untilMs, untilMs) };
}

/** A renewal carries the lease that it renews. */
export function isLeaseTaken({ record }: StoredRecord): boolean {
  return record.body.kind === "lease" && fenceOf(record) === undefined;
}

/** Whether a record belongs to a lease, as who holds it wrote it. */
export function isUnder({ fence, key }: HeldLease, { record, signedBy }: StoredRecord): boolean {
  return fenceOf(record) === fence && signedBy === key;
}

/** The lease under which a record says that it was written. */
export function fenceOf(record: StoredRecord["record"]): number | undefined {
  return record.version === 2 ? record.fence : undefined;
}
