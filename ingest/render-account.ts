import { formatBytes } from "../src/format-bytes.ts";
import { type IngestAccount, problemOf } from "./ingest-account.ts";

/** How many files with problems are named before the rest is counted. */
const PROBLEMS_SHOWN_MAX = 20;

/** The account of an ingest for a person, in lines. Names files, counts and reasons; never what a line says. */
export function renderAccount(account: IngestAccount): string {
  const rows: [string, string][] = [
    [
      "read",
      `${count(account.lines, "line")}, ${formatBytes(account.bytes)} from ${count(account.files.length, "file")}${rate(account)}`,
    ],
    ["stored", `${count(account.stored, "line")}${objects(account)}`],
    ["quarantined", quarantined(account)],
    ["refused", refused(account)],
    ...notes(account),
  ];
  const text = rows.map(([name, value]) => `${name.padEnd(12)} ${value}\n`).join("");
  return text + problems(account);
}

function quarantined({ quarantined: reasons }: IngestAccount): string {
  const entries = Object.entries(reasons);
  const sum = entries.reduce((total, [, lines]) => total + lines, 0);
  if (sum === 0) return "0 lines";
  return `${count(sum, "line")}: ${entries.map(([reason, lines]) => `${reason} ${group(lines)}`).join(", ")}`;
}

function refused({ refused: lines, files }: IngestAccount): string {
  if (lines === 0) return "0 lines";
  const destroyed = files.reduce(
    (sum, { outcome }) => sum + (outcome.kind === "read" ? outcome.report.destroyedDayLines : 0),
    0,
  );
  const why =
    destroyed === 0
      ? "past their term"
      : `past their term, or of days whose keys were destroyed (${group(destroyed)})`;
  return `${count(lines, "line")} ${why}, stored nowhere`;
}

function objects(account: IngestAccount): string {
  const views = Object.entries(account.objects);
  if (views.length === 0) return "";
  const parts = views.map(
    ([view, sum]) => `${view} ${count(sum.objects, "object")} ${formatBytes(sum.bytes)}`,
  );
  return ` in ${count(account.batches, "batch")}: ${parts.join(", ")}`;
}

function notes(account: IngestAccount): readonly [string, string][] {
  const rows: [string, string][] = [];
  const read = account.files.flatMap(({ outcome }) => (outcome.kind === "read" ? [outcome] : []));
  const sum = (pick: (outcome: (typeof read)[number]) => number): number =>
    read.reduce((total, outcome) => total + pick(outcome), 0);
  const known = sum(({ knownBytes }) => knownBytes);
  const knownFiles = read.filter(({ knownBytes }) => knownBytes > 0).length;
  if (known > 0)
    rows.push([
      "known",
      `${formatBytes(known)} in ${count(knownFiles, "file")} were stored before and not read again`,
    ]);
  const formats = new Map<string, number>();
  for (const { format } of read) formats.set(format, (formats.get(format) ?? 0) + 1);
  for (const [format, files] of formats) rows.push(["format", `${format} (${count(files, "file")})`]);
  const others = new Map<string, number>();
  for (const { report } of read) {
    for (const [name, lines] of Object.entries(report.otherLayouts))
      others.set(name, (others.get(name) ?? 0) + lines);
  }
  for (const [name, lines] of others)
    rows.push(["format", `${name} (${count(lines, "line")} among those of another)`]);
  const unknown = sum(({ report }) => report.unknownDomainLines);
  if (unknown > 0)
    rows.push([
      "domain",
      `${count(unknown, "line")} name no site and were stored as "unknown"; see --domain-from-file`,
    ]);
  const unkept = sum(({ report }) => report.linesWithUnkeptFields);
  if (unkept > 0)
    rows.push(["not kept", `${count(unkept, "line")} hold fields that have no place in the record`]);
  const unfinished = account.files.reduce((total, { outcome }) => total + unfinishedBytes(outcome), 0);
  if (unfinished > 0) {
    rows.push([
      "unfinished",
      `${formatBytes(unfinished)} at the end of files are no whole line yet; run again, or say --finished`,
    ]);
  }
  if (account.resumedBatches > 0) {
    rows.push([
      "resumed",
      `${count(account.resumedBatches, "batch")} of an interrupted run, now in the store`,
    ]);
  }
  return rows;
}

function unfinishedBytes(outcome: IngestAccount["files"][number]["outcome"]): number {
  if (outcome.kind === "read") return outcome.report.unfinishedBytes;
  return outcome.kind === "empty" ? outcome.unfinishedBytes : 0;
}

function problems({ files }: IngestAccount): string {
  const found = files.flatMap(({ name, outcome }) => {
    const problem = problemOf(outcome);
    return problem === undefined ? [] : [`problem      ${name}: ${problem}\n`];
  });
  const rest = found.length - PROBLEMS_SHOWN_MAX;
  return (
    found.slice(0, PROBLEMS_SHOWN_MAX).join("") +
    (rest > 0 ? `problem      and ${group(rest)} more files\n` : "")
  );
}

function rate({ lines, seconds }: IngestAccount): string {
  if (seconds <= 0) return "";
  return ` in ${seconds.toFixed(1)} s (${group(Math.round(lines / seconds))} lines/s)`;
}

function count(number: number, noun: string): string {
  const plural = noun.endsWith("ch") ? `${noun}es` : `${noun}s`;
  return `${group(number)} ${number === 1 ? noun : plural}`;
}

function group(number: number): string {
  return number.toLocaleString("en-US");
}
