import type { HiddenCount } from "../audit/audit-hidden.ts";
import type { Finding } from "../audit/finding.ts";
import type { ReadFinding } from "../audit/read-store.ts";
import { counted } from "../keyring/counted.ts";

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
      return `${finding.view}/${finding.key} is a name that hostlog cannot have written, and that no purge removes: somebody else put it there; look at it with the server's own tools`;
    case "not-seen":
      return `${finding.view}: not all was looked at: ${finding.message}`;
    case "hidden":
      return `${finding.view}: the store keeps ${hiddenThings(finding)} that no listing shows, of objects that are not destroyed`;
    case "chain":
      return `chain ${finding.chain} is broken: ${finding.message}; nothing behind it was read (hostlog ledger verify says more)`;
    case "unaccepted":
      return `chain ${finding.chain}: ${counted(finding.records, "record")} signed by ${finding.key}, which nobody has accepted: if it is a machine of yours, hostlog ledger accept`;
    case "recorded-twice":
      return `${place(finding)} is named as stored by two records`;
    case "consumed-twice":
      return `${place(finding)} went into a rewrite, and was taken by another record too`;
    case "rows-lost":
      return `chain ${finding.chain}, record ${finding.sequence}: ${counted(finding.rows, "row")} went into this rewrite and neither came out nor were erased`;
    case "certificate":
      return `the certificate of record ${finding.sequence} does not hold: ${finding.message}`;
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

function explainUnrecorded({ view, key, node, since }: Extract<Finding, { kind: "unrecorded" }>): string {
  const age = since === undefined ? "" : ` since ${since}`;
  return node === undefined
    ? `${view}/${key} lies there${age}, is in no record, and has no name of hostlog's: somebody else put it there`
    : `${view}/${key} lies there${age} and node ${node} has not recorded it: run hostlog ingest there, which sends what its spool still holds; if the spool is gone, remove the object and read the logs again`;
}

function hiddenThings({ versions, versionBytes, deleteMarkers, uploads }: HiddenCount): string {
  const things = [
    ...(versions === 0 ? [] : [`${counted(versions, "older version")} (${counted(versionBytes, "byte")})`]),
    ...(deleteMarkers === 0 ? [] : [counted(deleteMarkers, "delete marker")]),
    ...(uploads === 0 ? [] : [counted(uploads, "unfinished upload")]),
  ];
  return things.join(", ");
}
