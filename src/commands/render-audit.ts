import type { StoreAudit } from "../audit/audit-store.ts";
import type { NodeCoverage } from "../audit/cover-sources.ts";
import type { Finding } from "../audit/finding.ts";
import type { ReadFinding } from "../audit/read-store.ts";
import { counted } from "../keyring/counted.ts";
import type { ByteSpan, StreamCoverage } from "../ledger/coverage.ts";
import type { SealMode } from "../seal/seal-mode.ts";
import { views } from "../view.ts";
import { explainFinding } from "./explain-finding.ts";

/** How many findings are named before the rest is counted; json has more. */
const FINDINGS_SHOWN_MAX = 50;

export interface AuditShown {
  readonly seal: SealMode | undefined;
  /** What was read; undefined without `--read`. */
  readonly read: ReadShown | undefined;
  /** Undefined without `--sources`. */
  readonly coverage: readonly NodeCoverage[] | undefined;
}

export interface ReadShown {
  /** With what earlier runs have read of the same. */
  readonly objects: number;
  readonly sizeBytes: number;
  readonly isDone: boolean;
  readonly findings: readonly ReadFinding[];
}

export function renderAudit(audit: StoreAudit, shown: AuditShown): string {
  const lines: string[] = [];
  for (const { node, records, batches, streams, ...sum } of audit.nodes) {
    lines.push(
      `node ${node}: ${counted(records, "record")} in an unbroken chain, ${count(batches, "batch", "batches")}, ${counted(streams, "source")}`,
      `  ${group(sum.lines)} lines read = ${group(sum.stored)} stored + ${group(sum.quarantined)} quarantined + ${group(sum.refused)} refused`,
    );
    const ofNode = shown.coverage?.find((one) => one.node === node);
    if (ofNode !== undefined) lines.push(...ofNode.streams.flatMap(renderStream));
  }
  if (audit.nodes.length === 0) lines.push("nothing was ever recorded in this ledger; is the URL right?");
  for (const view of views) {
    const { recorded, destroyed, listed, listedBytes, inFlight } = audit.objects[view];
    const onTheWay = inFlight === 0 ? "" : `, ${group(inFlight)} of them on their way`;
    lines.push(
      `${view}: ${counted(recorded, "object")} recorded, ${group(destroyed)} of them destroyed; ${group(listed)} in the store${onTheWay}, ${counted(listedBytes, "byte")}`,
    );
  }
  if (shown.seal !== undefined) lines.push(describeSeal(audit, shown.seal, shown.read !== undefined));
  if (shown.read !== undefined) lines.push(describeRead(shown.read));
  const findings: readonly (Finding | ReadFinding)[] = [...audit.findings, ...(shown.read?.findings ?? [])];
  const named = findings.slice(0, FINDINGS_SHOWN_MAX);
  lines.push(...named.map((finding) => `! ${explainFinding(finding)}`));
  const hidden = Object.values(audit.more).reduce((sum, number) => sum + number, 0);
  const rest = findings.length - named.length + hidden;
  if (rest > 0) lines.push(`! and ${group(rest)} more`);
  if (findings.length === 0 && audit.nodes.length > 0) {
    lines.push("every recorded object is there; no gap, no overlap; nothing else is");
  }
  return `${lines.join("\n")}\n`;
}

function describeRead({ objects, sizeBytes, isDone }: ReadShown): string {
  const what = `${counted(objects, "object")} read, ${counted(sizeBytes, "byte")}`;
  return isDone ? what : `${what}: not all yet; the same command goes on from there`;
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

function count(number: number, one: string, many: string): string {
  return `${group(number)} ${number === 1 ? one : many}`;
}

function group(number: number): string {
  return number.toLocaleString("en-US");
}
