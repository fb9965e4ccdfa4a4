import type { NodeCoverage } from "../audit/cover-sources.ts";
import type { Finding, MoreFindings } from "../audit/finding.ts";
import type { ReadFinding } from "../audit/read-store.ts";
import type { NodeAudit, StoreAudit, ViewAudit } from "../audit/store-audit.ts";
import { counted } from "../keyring/counted.ts";
import type { ByteSpan, StreamCoverage } from "../ledger/coverage.ts";
import type { SealMode } from "../seal/seal-mode.ts";
import { views } from "../view.ts";
import { explainFinding } from "./explain-finding.ts";

/** How many nodes are told one by one before they are added up, and how many findings before the rest is counted. */
const NODES_SHOWN_MAX = 5;
const FINDINGS_SHOWN_MAX = 50;

export interface AuditShown {
  readonly seal: SealMode | undefined;
  /** What was read; undefined without `--read`. */
  readonly read: ReadShown | undefined;
  /** Undefined without `--sources`. */
  readonly sources: readonly NodeCoverage[] | undefined;
}

export interface ReadShown {
  /** With what earlier runs have read of the same. */
  readonly objects: number;
  readonly sizeBytes: number;
  readonly isDone: boolean;
  readonly findings: readonly ReadFinding[];
}

/** For people; a screen full where all is well, whatever the number of nodes. */
export function renderAudit(audit: StoreAudit, shown: AuditShown): string {
  const findings: readonly (Finding | ReadFinding)[] = [...audit.findings, ...(shown.read?.findings ?? [])];
  const named = findings.slice(0, FINDINGS_SHOWN_MAX);
  const rest = findings.length - named.length + countMore(audit.more);
  const lines = [
    ...renderNodes(audit, shown.sources),
    ...views.map((view) => `${view}: ${describeView(audit.objects[view])}`),
    ...(shown.seal === undefined ? [] : [describeSeal(audit, shown.seal, shown.read !== undefined)]),
    ...describeKeys(audit),
    ...(shown.read === undefined ? [] : [describeRead(shown.read)]),
    ...named.map((finding) => `! ${explainFinding(finding)}`),
    ...(rest > 0
      ? [`! and ${group(rest)} more${named.length < findings.length ? " (--output json)" : ""}`]
      : []),
    ...(findings.length === 0 && audit.nodes.length > 0 ? [describeHealth(audit)] : []),
  ];
  return `${lines.join("\n")}\n`;
}

/** One line of JSON. */
export function renderAuditJson(audit: StoreAudit, { seal, read, sources }: AuditShown): string {
  return `${JSON.stringify({ seal: seal ?? null, ...audit, read: read ?? null, sources: sources ?? null })}\n`;
}

export function countMore(more: MoreFindings): number {
  return Object.values(more).reduce((sum, number) => sum + number, 0);
}

function renderNodes(
  { nodes, findings }: StoreAudit,
  sources: readonly NodeCoverage[] | undefined,
): readonly string[] {
  if (nodes.length === 0) return ["nothing was ever recorded in this ledger; is the URL right?"];
  const broken = new Set(findings.flatMap((finding) => (finding.kind === "chain" ? [finding.chain] : [])));
  if (nodes.length > NODES_SHOWN_MAX && sources === undefined) {
    const breaks = nodes.filter(({ node }) => broken.has(node)).length;
    const chains = breaks === 0 ? "unbroken chains" : `chains, ${breaks} of them broken`;
    return [`${group(nodes.length)} nodes: ${describeNodes(nodes, chains)}`, `  ${describeLines(nodes)}`];
  }
  return nodes.flatMap((node) => [
    `node ${node.node}: ${describeNodes([node], broken.has(node.node) ? "a chain that is broken" : "an unbroken chain")}`,
    `  ${describeLines([node])}`,
    ...(sources?.find((one) => one.node === node.node)?.streams ?? []).flatMap(renderStream),
  ]);
}

function describeNodes(nodes: readonly NodeAudit[], chains: string): string {
  const sum = sumOf(nodes);
  const batches = sum((node) => node.batches);
  const read = counted(
    sum((node) => node.records),
    "record",
  );
  const sources = counted(
    sum((node) => node.streams),
    "source",
  );
  return `${read} in ${chains}, ${group(batches)} ${batches === 1 ? "batch" : "batches"}, ${sources}`;
}

function describeLines(nodes: readonly NodeAudit[]): string {
  const sum = sumOf(nodes);
  const [lines, stored] = [sum((node) => node.lines), sum((node) => node.stored)];
  const [quarantined, refused] = [sum((node) => node.quarantined), sum((node) => node.refused)];
  return `${group(lines)} lines read = ${group(stored)} stored + ${group(quarantined)} quarantined + ${group(refused)} refused`;
}

function sumOf(nodes: readonly NodeAudit[]): (pick: (node: NodeAudit) => number) => number {
  return (pick) => nodes.reduce((total, node) => total + pick(node), 0);
}

function describeView(view: ViewAudit): string {
  const { recorded, destroyed, listed, listedBytes, inFlight, leaving, unjudged } = view;
  const onTheWay = inFlight === 0 ? "" : `, ${group(inFlight)} of them on their way`;
  return [
    `${counted(recorded, "object")} recorded, ${group(destroyed)} of them destroyed`,
    ...(leaving === 0 ? [] : [`${group(leaving)} gone in a purge that has no certificate yet`]),
    `${group(listed)} in the store${onTheWay}, ${counted(listedBytes, "byte")}`,
    ...(unjudged === 0 ? [] : [`${group(unjudged)} not judged, because a chain is broken`]),
  ].join("; ");
}

/** How the store keeps raw and quarantine. Of one that does not seal, nothing is claimed. */
function describeSeal(
  { objects: { raw, quarantine } }: StoreAudit,
  seal: SealMode,
  isReading: boolean,
): string {
  if (seal === "none") {
    return "not sealed (seal: none): who can read raw and quarantine in the store can read the lines";
  }
  const [sealed, listed] = [raw.sealed + quarantine.sealed, raw.listed + quarantine.listed];
  const how = isReading ? "" : ", by their names (--read looks into them)";
  return `sealed (seal: age): ${group(sealed)} of ${group(listed)} objects of raw and quarantine are age files${how}`;
}

function describeKeys({ keys, objects: { raw, quarantine } }: StoreAudit): readonly string[] {
  const overdue = raw.overdue + quarantine.overdue;
  return [
    ...(keys.outstanding === 0
      ? []
      : [
          `keys outstanding: of ${counted(keys.certified, "key pair")} whose objects are destroyed, ${group(keys.outstanding)} are not recorded as destroyed, so that copies elsewhere may be opened (hostlog keys destroy --due, where the keyring is)`,
        ]),
    ...(overdue === 0
      ? []
      : [
          `overdue: ${counted(overdue, "sealed object")} whose key is destroyed, and that nobody can open, still there (hostlog retention run)`,
        ]),
  ];
}

function describeRead({ objects, sizeBytes, isDone }: ReadShown): string {
  const what = `${counted(objects, "object")} read, ${counted(sizeBytes, "byte")}`;
  return isDone ? what : `${what}: not all yet; the same command goes on from there`;
}

function describeHealth({ objects }: StoreAudit): string {
  const inFlight = views.reduce((sum, view) => sum + objects[view].inFlight, 0);
  const others = inFlight === 0 ? "nothing else is" : "nothing else is but what is on its way";
  return `every recorded object is there; no gap, no overlap; ${others}`;
}

function renderStream(stream: StreamCoverage): readonly string[] {
  const spans = (name: string, list: readonly ByteSpan[]): readonly string[] =>
    list.length === 0
      ? []
      : [`      ${name.padEnd(12)}${list.map(({ from, to }) => `${from}-${to}`).join(" ")}`];
  return [
    `    source ${stream.stream} (${stream.names.join(", ")}): bytes 0-${stream.toByte}, ${group(stream.coveredBytes)} covered`,
    `      ${group(stream.lines)} lines: ${group(stream.stored)} stored, ${group(quarantinedLines(stream))} quarantined, ${group(stream.refused)} refused`,
    ...spans("quarantined", stream.quarantinedSpans),
    ...spans("refused", stream.refusedSpans),
    ...spans("GAP", stream.gaps),
    ...spans("OVERLAP", stream.overlaps),
  ];
}

function quarantinedLines({ quarantined }: StreamCoverage): number {
  return Object.values(quarantined).reduce((sum, lines) => sum + lines, 0);
}

function group(number: number): string {
  return number.toLocaleString("en-US");
}
