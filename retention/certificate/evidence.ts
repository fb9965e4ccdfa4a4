import type { Day } from "../../src/day.ts";
import type { KeysDestroyedRecord } from "../../src/ledger/key-record.ts";
import { fenceOf, isLeaseTaken } from "../../src/ledger/lease-state.ts";
import type { StoredRecord } from "../../src/ledger/record-object.ts";
import type {
  PurgeApprovedRecord,
  PurgeBegunRecord,
  PurgeCancelledRecord,
  PurgeCertificateRecord,
  PurgeGroup,
  PurgePlannedRecord,
} from "../../src/ledger/retention-record.ts";
import type { TrustedWriters } from "../../src/ledger/trusted-writers.ts";
import type { View } from "../../src/view.ts";
import { groupName } from "../group-name.ts";

/** A certificate, and all that the control chain says around it. */
export interface CertificateEvidence {
  /** Of the record in the control chain. */
  readonly sequence: number;
  readonly sha256: string;
  readonly signedBy: string | undefined;
  readonly record: PurgeCertificateRecord;
  /** Whether the key that signed it was accepted before. */
  readonly isTrusted: boolean;
  /** The lease under which it says it was written, and the one that was held then. */
  readonly fence: number | undefined;
  readonly lease: number | undefined;
  readonly begun: PurgeBegunRecord | undefined;
  readonly plan: PurgePlannedRecord | undefined;
  /** The last that somebody decided on the plan before. */
  readonly decision: PurgeApprovedRecord | PurgeCancelledRecord | undefined;
  /** The first record by which the group's key is destroyed, by now. */
  readonly keys: DestroyedKeys | undefined;
  /** Sequences of other certificates of the same purge: there must be none. */
  readonly doubles: readonly number[];
}

export interface DestroyedKeys {
  readonly sequence: number;
  readonly record: KeysDestroyedRecord;
  /** Numbers of the exports that held it and nobody has confirmed gone by now. */
  readonly exportsOutstanding: readonly number[];
}

/** Which certificates are asked for; what is undefined is not asked. */
export interface CertificateQuestion {
  readonly day: Day | undefined;
  readonly view: View | undefined;
  /** The UTC day on which it was written. */
  readonly destroyedOn: Day | undefined;
}

/** What is asked for, as the control chain says it. */
export interface CertificateAnswer {
  readonly certificates: readonly CertificateEvidence[];
  /** Sequences of purges that were begun and are not certified. */
  readonly unfinished: readonly number[];
  /** How many objects records of earlier releases name as destroyed. They hold no hashes, and are no certificates. */
  readonly objectsOfEarlierReleases: number;
}

/** Pure. `records`: the control chain, unbroken and in order. */
export function collectEvidence(
  records: readonly StoredRecord[],
  writers: Pick<TrustedWriters, "trusts">,
  question: CertificateQuestion,
): CertificateAnswer {
  const known = learn(records, writers);
  const asked = known.certificates.filter(({ record }) => isAsked(record, question));
  const certified = new Set(
    known.certificates.flatMap(({ record, isTrusted }) => (isTrusted ? [record.begun] : [])),
  );
  const unfinished = [...known.begun].filter(
    ([sequence, record]) => !certified.has(sequence) && isAsked(record, question),
  );
  return {
    certificates: asked.map((certificate) => complete(certificate, known)),
    unfinished: unfinished.map(([sequence]) => sequence),
    objectsOfEarlierReleases: countEarlier(records, question),
  };
}

function isAsked(
  { group, at }: { readonly group: PurgeGroup; readonly at: string },
  { day, view, destroyedOn }: CertificateQuestion,
): boolean {
  return (
    (day === undefined || group.day === day) &&
    (view === undefined || group.view === view) &&
    (destroyedOn === undefined || at.slice(0, 10) === destroyedOn)
  );
}

type Found = Pick<
  CertificateEvidence,
  "sequence" | "sha256" | "signedBy" | "record" | "isTrusted" | "fence" | "lease" | "decision"
>;

interface Known {
  readonly certificates: Found[];
  readonly begun: Map<number, PurgeBegunRecord>;
  readonly plans: Map<number, PurgePlannedRecord>;
  readonly decisions: Map<number, PurgeApprovedRecord | PurgeCancelledRecord>;
  /** By the group's name. */
  readonly keys: Map<string, Omit<DestroyedKeys, "exportsOutstanding">>;
  readonly exportsGone: Set<number>;
}

function learn(records: readonly StoredRecord[], writers: Pick<TrustedWriters, "trusts">): Known {
  const known: Known = {
    certificates: [],
    begun: new Map(),
    plans: new Map(),
    decisions: new Map(),
    keys: new Map(),
    exportsGone: new Set(),
  };
  let lease: number | undefined;
  for (const stored of records) {
    const { record, sha256, signedBy } = stored;
    const { body, sequence } = record;
    const isTrusted = writers.trusts(stored);
    if (body.kind === "purge-certificate") {
      const decision = known.decisions.get(body.plan);
      const fence = fenceOf(record);
      known.certificates.push({
        sequence,
        sha256,
        signedBy,
        record: body,
        isTrusted,
        fence,
        lease,
        decision,
      });
    }
    if (!isTrusted) continue;
    if (isLeaseTaken(stored)) lease = sequence;
    if (body.kind === "purge-begun") known.begun.set(sequence, body);
    if (body.kind === "purge-planned") known.plans.set(sequence, body);
    if (body.kind === "purge-approved" || body.kind === "purge-cancelled")
      known.decisions.set(body.plan, body);
    if (body.kind === "export-gone") known.exportsGone.add(body.number);
    if (body.kind !== "keys-destroyed") continue;
    for (const key of body.keys) {
      if (!known.keys.has(groupName(key))) known.keys.set(groupName(key), { sequence, record: body });
    }
  }
  return known;
}

function complete(
  found: Found,
  { certificates, begun, plans, keys, exportsGone }: Known,
): CertificateEvidence {
  const { record, sequence } = found;
  const destroyed = keys.get(groupName(record.group));
  const doubles = certificates.filter(
    (other) => other.isTrusted && other.sequence !== sequence && other.record.begun === record.begun,
  );
  return {
    ...found,
    begun: begun.get(record.begun),
    plan: plans.get(record.plan),
    keys: destroyed && {
      ...destroyed,
      exportsOutstanding: destroyed.record.exportsOutstanding.filter((number) => !exportsGone.has(number)),
    },
    doubles: doubles.map((other) => other.sequence),
  };
}

function countEarlier(records: readonly StoredRecord[], question: CertificateQuestion): number {
  let objects = 0;
  for (const { record } of records) {
    const { body } = record;
    if (body.kind !== "purge") continue;
    const group = { view: body.view, day: body.day, retentionClass: "" };
    if (isAsked({ group, at: body.at }, question)) objects += body.objects.length;
  }
  return objects;
}
