import type { HiddenCount } from "../audit/audit-hidden.ts";
import type { Finding } from "../audit/finding.ts";
import type { ReadFinding } from "../audit/read-store.ts";
import { counted } from "../keyring/counted.ts";
import { CONTROL_CHAIN, HOLD_NODE } from "../partition.ts";

/** A finding for people: what it is, and what it means. */
export function explainFinding(finding: Finding | ReadFinding): string {
  switch (finding.kind) {
    case "missing":
      return `${place(finding)} is recorded and not there: it was removed by somebody else than retention`;
    case "changed":
      return `${place(finding)} has ${finding.sizeBytes} bytes, recorded are ${finding.recordedBytes}`;
    case "altered":
      return `${place(finding)} has not the bytes that were recorded: somebody changed it`;
    case "unreadable":
      return `${place(finding)} cannot be read: ${finding.message}`;
    case "undead":
      return `${place(finding)} is recorded as destroyed and is there, or an older version of it: a backup was restored, or the bucket kept it; retention run destroys it again`;
    case "unsealed":
      return `${place(finding)} is not sealed, and this store seals: its lines lie open; find out who wrote it, and remove it`;
    case "sealed":
      return `${place(finding)} is sealed, and nothing is to be here: look-ups and engines cannot read it`;
    case "unrecorded":
      return explainUnrecorded(finding);
    case "foreign":
      return `${place(finding)} has no name of hostlog's, and no purge removes it: somebody else put it there; look at it with the store's own tools`;
    case "not-seen":
      return `${finding.view}: not all was looked at: ${finding.message}`;
    case "hidden":
      return `${finding.view}: the store keeps ${hiddenThings(finding)} that no listing shows, of objects that are not destroyed`;
    case "chain":
      return `chain ${finding.chain} is broken: ${finding.message}; nothing behind it was read (hostlog ledger verify says more)`;
    case "replaced":
      return `chain ${finding.chain}: ${finding.message}; compare with a copy of the ledger. Once that is settled, verify --full forgets what was seen here`;
    case "record":
      return `chain ${finding.chain}: ${finding.message} (hostlog ledger verify says more)`;
    case "unaccepted":
      return `chain ${finding.chain}: ${counted(finding.records, "record")} signed by ${finding.key}, which nobody has accepted: if it is a machine of yours, hostlog ledger accept`;
    case "takeover":
      return `chain ${CONTROL_CHAIN}, record ${finding.sequence}: ${finding.key} accepts itself because every earlier key was lost; if that is so, pin it (ledger.keys in the config)`;
    case "recorded-twice":
      return `${place(finding)} is named as stored by two records`;
    case "consumed-twice":
      return `${place(finding)} went into a rewrite, and was taken by another record too`;
    case "rows-lost":
      return explainRows(finding);
    case "certificate":
      return `what record ${finding.sequence} of the control chain says of a destruction does not hold: ${finding.message}`;
    case "manifest":
      return `node ${finding.node}, batch ${finding.batch}: its manifest ${finding.message}`;
    case "counts":
      return `node ${finding.node}, batch ${finding.batch}: its counts are not those of its manifest`;
    case "gap":
      return `node ${finding.node}, source ${finding.stream}: bytes ${finding.from}-${finding.to} were taken by no batch`;
    case "overlap":
      return `node ${finding.node}, source ${finding.stream}: bytes ${finding.from}-${finding.to} were taken twice`;
  }
}

function place({ view, key }: { readonly view: string; readonly key: string }): string {
  return `${view}/${key}`;
}

function explainUnrecorded(finding: Extract<Finding, { kind: "unrecorded" }>): string {
  const age = finding.since === undefined ? "" : ` since ${finding.since}`;
  const what = `${place(finding)} lies there${age}, and `;
  return finding.node === HOLD_NODE
    ? `${what}no record of a hold names it: hostlog hold copy copies anew; then remove it`
    : `${what}node ${finding.node} has not recorded it: run hostlog ingest there, which sends what its spool still holds; if the spool is gone, remove the object and read the logs again`;
}

function explainRows({ chain, sequence, rows }: Extract<Finding, { kind: "rows-lost" }>): string {
  const what = `chain ${chain}, record ${sequence}: `;
  return rows > 0
    ? `${what}of what went into this rewrite ${counted(rows, "row")} neither came out nor were erased`
    : `${what}out of this rewrite came ${counted(-rows, "row")} more than went in`;
}

function hiddenThings({ versions, versionBytes, deleteMarkers, uploads }: HiddenCount): string {
  const things = [
    ...(versions === 0 ? [] : [`${counted(versions, "older version")} (${counted(versionBytes, "byte")})`]),
    ...(deleteMarkers === 0 ? [] : [counted(deleteMarkers, "delete marker")]),
    ...(uploads === 0 ? [] : [counted(uploads, "unfinished upload")]),
  ];
  return things.join(", ");
}
