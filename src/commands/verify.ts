import { Command } from "commander";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import type { HiddenCount } from "../ledger/audit-hidden.ts";
import { auditStore, type Finding, isSerious, type StoreAudit } from "../ledger/audit-store.ts";
import type { ByteSpan, StreamCoverage } from "../ledger/coverage.ts";
import { CONTROL_CHAIN } from "../partition.ts";
import type { SealMode } from "../seal/seal-mode.ts";
import { readStoreIdentity } from "../store-identity.ts";
import { terminalLines } from "../terminal-text.ts";
import { views } from "../view.ts";
import { addCommonOptions, type CommonOptions, type OpenContext } from "./context.ts";

interface VerifyOptions extends CommonOptions {
  readonly output: string;
  readonly sources?: boolean;
  readonly read?: boolean;
}

export function verifyCommand(openContext: OpenContext): Command {
  const command = new Command("verify")
    .description("compare the store with the ledger: every recorded object, every byte range of every source")
    .option("--read", "read each object and compare its hash too, not only its size")
    .option("--sources", "say for each source which bytes are stored, quarantined and refused")
    .option("--output <kind>", "text or json", "text")
    .addHelpText(
      "after",
      "\nExit codes: 0 all is as recorded, 2 objects that no record names, hidden versions or no leave to look for them, 3 something is missing, changed, overlaps or is not sealed as it should be.",
    );
  return addCommonOptions(command).action(async (options: VerifyOptions) => {
    if (options.output !== "text" && options.output !== "json") {
      throw new UserError(`--output is text or json, not "${options.output}"`, exitCode.usage);
    }
    const context = await openContext(options);
    const stores = {
      raw: await context.openRoot("raw"),
      analytics: await context.openRoot("analytics"),
      quarantine: await context.openRoot("quarantine"),
    };
    const seal = (await readStoreIdentity(await context.openRoot("published")))?.seal;
    const isReading = options.read === true;
    const ledger = await context.openRoot("ledger");
    const audit = await auditStore(ledger, stores, CONTROL_CHAIN, { isReading, seal });
    context.stdout.write(
      options.output === "json"
        ? `${JSON.stringify({ seal: seal ?? null, ...audit })}\n`
        : terminalLines(renderAudit(audit, { seal, isReading, withSources: options.sources === true })),
    );
    const serious = audit.findings.filter(isSerious).length;
    if (serious > 0) {
      throw new UserError(
        `${count(serious, "finding")}: the store is not as recorded, see above`,
        exitCode.integrity,
      );
    }
    if (audit.findings.length > 0) throw new UserError(explainRest(audit.findings), exitCode.partial);
  });
}

/** Of findings that are not serious. */
function explainRest(findings: readonly Finding[]): string {
  const unrecorded = findings.filter(({ kind }) => kind === "unrecorded").length;
  const isHiding = findings.some(({ kind }) => kind === "hidden");
  const isBlind = findings.some(({ kind }) => kind === "not-seen");
  return [
    ...(unrecorded === 0
      ? []
      : [
          `no record names ${count(unrecorded, "object")}. If no ingest is running, a batch was left in a spool that is gone, or somebody else put something there: look-ups count its rows`,
        ]),
    ...(isHiding
      ? [
          "the store keeps more than it lists, see above: copies that no look-up shows. retention run destroys them with the objects they belong to; to have none, keep no versions in these buckets, and let a lifecycle rule end unfinished uploads",
        ]
      : []),
    ...(isBlind
      ? [
          "these credentials may not look for older versions and unfinished uploads, so that nobody knows whether something destroyed is still kept: run it with an auditor's (hostlog setup s3 --role auditor)",
        ]
      : []),
  ].join("; and ");
}

/** How many findings are named before the rest is counted; json has all. */
const FINDINGS_SHOWN_MAX = 50;

interface AuditShown {
  readonly seal: SealMode | undefined;
  readonly isReading: boolean;
  readonly withSources: boolean;
}

function renderAudit(audit: StoreAudit, { seal, isReading, withSources }: AuditShown): string {
  const lines: string[] = [];
  for (const { node, records, batches, streams } of audit.nodes) {
    const sum = (pick: (stream: StreamCoverage) => number): number =>
      streams.reduce((total, stream) => total + pick(stream), 0);
    lines.push(
      `node ${node}: ${count(records, "record")} in an unbroken chain, ${count(batches, "batch", "batches")}, ${count(streams.length, "source")}`,
      `  ${group(sum((stream) => stream.lines))} lines read = ${group(sum((stream) => stream.stored))} stored` +
        ` + ${group(sum(quarantinedLines))} quarantined + ${group(sum((stream) => stream.refused))} refused`,
    );
    if (withSources) lines.push(...streams.flatMap(renderStream));
  }
  if (audit.nodes.length === 0) lines.push("nothing was ever recorded in this ledger; is the URL right?");
  for (const view of views) {
    const { recorded, destroyed, listed, listedBytes } = audit.objects[view];
    lines.push(
      `${view}: ${group(recorded)} objects recorded, ${group(destroyed)} of them destroyed; ${group(listed)} in the store, ${group(listedBytes)} bytes`,
    );
  }
  if (seal !== undefined) lines.push(describeSeal(audit, seal, isReading));
  const shown = audit.findings.slice(0, FINDINGS_SHOWN_MAX);
  lines.push(...shown.map((finding) => `! ${explain(finding)}`));
  if (audit.findings.length > shown.length)
    lines.push(`! and ${group(audit.findings.length - shown.length)} more`);
  if (audit.findings.length === 0 && audit.nodes.length > 0)
    lines.push("every recorded object is there; no gap, no overlap; nothing else is");
  return `${lines.join("\n")}\n`;
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

function explain(finding: Finding): string {
  switch (finding.kind) {
    case "missing":
      return `${finding.view}/${finding.key} is recorded and not there: it was removed by somebody else than retention`;
    case "changed":
      return `${finding.view}/${finding.key} has ${finding.sizeBytes} bytes, recorded are ${finding.recordedBytes}`;
    case "altered":
      return `${finding.view}/${finding.key} has not the bytes that were recorded: somebody changed it`;
    case "undead":
      return `${finding.view}/${finding.key} is recorded as destroyed and is there, or an older version of it: a backup was restored, or the bucket kept it; retention run destroys it again`;
    case "not-seen":
      return `${finding.view}: not all was looked at: ${finding.message}`;
    case "hidden":
      return `${finding.view}: the store keeps ${hiddenThings(finding)} that no listing shows, of objects that are not destroyed`;
    case "unsealed":
      return `${finding.view}/${finding.key} is not sealed, and this store seals: its lines lie open; find out who wrote it, and remove it`;
    case "sealed":
      return `${finding.view}/${finding.key} is sealed, and nothing is to be here: look-ups and engines cannot read it`;
    case "unrecorded":
      return `${finding.view}/${finding.key} is in no record: a batch on its way, or somebody else put it there`;
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

function hiddenThings({ versions, versionBytes, deleteMarkers, uploads }: HiddenCount): string {
  const things = [
    ...(versions === 0 ? [] : [`${count(versions, "older version")} (${group(versionBytes)} bytes)`]),
    ...(deleteMarkers === 0 ? [] : [count(deleteMarkers, "delete marker")]),
    ...(uploads === 0 ? [] : [count(uploads, "unfinished upload")]),
  ];
  return things.join(", ");
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${group(number)} ${number === 1 ? one : many}`;
}

function group(number: number): string {
  return number.toLocaleString("en-US");
}
