import { formatBytes } from "../../src/format-bytes.ts";
import { counted } from "../../src/keyring/counted.ts";
import type { PurgeCertificateRecord } from "../../src/ledger/retention-record.ts";
import { terminalText } from "../../src/terminal-text.ts";
import type { CertificateCheck } from "./check-certificate.ts";
import type { CertificateEvidence } from "./evidence.ts";

/** A certificate, and what looking at it came to. */
export interface CheckedCertificate {
  readonly evidence: CertificateEvidence;
  readonly checks: readonly CertificateCheck[];
}

/** Where and when certificates were looked at. */
export interface CertificatePlace {
  /** The store's id. */
  readonly store: string;
  /** Of the ledger. */
  readonly url: string;
  /** ISO 8601. */
  readonly checkedAt: string;
}

const reasonOfRule = {
  class: "the term of its class",
  ceiling: "the longest term, because the config did not know its class",
  quarantine: "the term of quarantine",
  hold: "the last day of its hold",
} as const satisfies Record<PurgeCertificateRecord["rule"]["kind"], string>;

const marks = { ok: "ok ", bad: "BAD", open: "-- " } as const satisfies Record<
  CertificateCheck["verdict"],
  string
>;

/** A page for people: what was destroyed, how it went, what of that holds now, and what it does not show. */
export function renderCertificate(
  { evidence, checks }: CheckedCertificate,
  place: CertificatePlace,
): readonly string[] {
  const title = `CERTIFICATE OF DESTRUCTION, record ${evidence.sequence} of the control chain`;
  const rows = [...rowsOfSubject(evidence, place), ...rowsOfCourse(evidence)];
  const width = Math.max(...rows.map(([name]) => name.length));
  return [
    title,
    "",
    ...rows.map(([name, value]) => `${name.padEnd(width)}  ${terminalText(value)}`),
    "",
    `Looked at on ${place.checkedAt}:`,
    ...checks.map(({ verdict, text }) => `  ${marks[verdict]} ${terminalText(text)}`),
    "",
    ...LIMITS,
  ];
}

const LIMITS: readonly string[] = [
  "What it shows: the operator has attested, under signature and in a chain in which nothing can be changed",
  "unseen once a later checkpoint is noted elsewhere, that these objects were removed and that the store showed",
  "nothing of them afterwards. What it does not show: that the provider's disks hold nothing of them any more,",
  "and that nobody made copies which hostlog was not told of; of sealed objects such copies open with their key alone.",
];

type Row = readonly [name: string, value: string];

function rowsOfSubject({ record }: CertificateEvidence, { store, url }: CertificatePlace): readonly Row[] {
  const { group, rule, objects, versions, deleteMarkers, uploads, rows, sizeBytes } = record;
  const hidden = `${counted(versions, "older version")}, ${counted(deleteMarkers, "delete marker")}, ${counted(uploads, "unfinished upload")}`;
  return [
    ["Store", `${store}, ledger ${url}`],
    ["What", `${group.view} of ${group.day} (UTC), class ${group.retentionClass}`],
    ["Objects", `${counted(objects, "object")} (${formatBytes(sizeBytes)}), ${counted(rows, "row")}`],
    ["Behind them", hidden],
    ["Inventory", `${record.inventory.key} (key, size, rows and SHA-256 of each)`],
    ["Kept for", `${rule.term}, ${reasonOfRule[rule.kind]}`],
    ["Due", `${rule.dueDay} at 00:00 UTC`],
  ];
}

function rowsOfCourse(evidence: CertificateEvidence): readonly Row[] {
  const { record, sequence, sha256, signedBy, plan, begun } = evidence;
  const { local, store } = record.clocks;
  const times =
    record.verification.listings === 1 ? "the first listing" : `${record.verification.listings} listings`;
  return [
    ["Planned", `${plan?.at ?? "?"} (record ${record.plan})${describeDecision(evidence)}`],
    ["Key", describeKey(record)],
    ["Begun", `${begun?.at ?? "?"} (record ${record.begun})`],
    ["Seen gone", `${record.verification.at}, by ${times} after the removal`],
    ["Certified", `${record.at}, by ${record.by}`],
    ["Clocks", `${local} here, ${store ?? "none"} at the store's server`],
    ["Holds", describeHolds(record)],
    ["Exceptions", record.exceptions.length === 0 ? "none" : record.exceptions.join("; ")],
    ["Signed by", signedBy ?? "nobody"],
    ["Record", `${sequence}, SHA-256 ${sha256}`],
  ];
}

function describeDecision({ decision }: CertificateEvidence): string {
  if (decision === undefined) return "";
  const verb = decision.kind === "purge-approved" ? "approved" : "cancelled";
  return `, ${verb} on ${decision.at} by ${decision.by}: ${decision.reason}`;
}

function describeKey({ keys }: PurgeCertificateRecord): string {
  if (keys.kind === "none") return "never had one";
  return keys.kind === "destroyed" ? `destroyed (record ${keys.record})` : "on another machine";
}

function describeHolds({ holds }: PurgeCertificateRecord): string {
  if (holds.length === 0) return "none took it in";
  return holds
    .map(({ hold, objectsMissed }) =>
      objectsMissed === 0
        ? `${hold}: all of it was looked through`
        : `${hold}: ${counted(objectsMissed, "object")} not looked through`,
    )
    .join("; ");
}

/** For programs: fields of a stable form. */
export function certificateFields({
  evidence,
  checks,
}: CheckedCertificate): Readonly<Record<string, unknown>> {
  const { sequence, sha256, signedBy, record, plan, begun, decision, keys } = evidence;
  const { group, rule } = record;
  return {
    record: sequence,
    sha256,
    key: signedBy ?? null,
    at: record.at,
    clock: record.clock,
    by: record.by,
    view: group.view,
    day: group.day,
    class: group.retentionClass,
    rule: rule.kind,
    term: rule.term,
    due: rule.dueDay,
    objects: record.objects,
    size_bytes: record.sizeBytes,
    rows: record.rows,
    versions: record.versions,
    delete_markers: record.deleteMarkers,
    uploads: record.uploads,
    unrecorded_objects: record.unrecordedObjects,
    inventory: {
      key: record.inventory.key,
      size_bytes: record.inventory.sizeBytes,
      sha256: record.inventory.sha256,
    },
    planned: { record: record.plan, at: plan?.at ?? null },
    decided: decision && { kind: decision.kind, at: decision.at, by: decision.by, reason: decision.reason },
    begun: { record: record.begun, at: begun?.at ?? null },
    key_destroyed: keys === undefined ? null : { record: keys.sequence, at: keys.record.at },
    exports_outstanding: keys?.exportsOutstanding ?? [],
    clocks: record.clocks,
    holds: record.holds.map(({ hold, objectsMissed }) => ({ hold, objects_missed: objectsMissed })),
    verification: record.verification,
    exceptions: record.exceptions,
    holds_true: checks.every(({ verdict }) => verdict !== "bad"),
    checks,
  };
}
