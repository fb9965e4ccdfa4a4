import { existsSync } from "node:fs";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { combinedLine } from "./log-lines.ts";
import { runHostlog } from "./run-hostlog.ts";
import { unsealStore } from "./unseal-objects.ts";

/** A set of logs whose every line can be told from all others. */
export interface DrillLogs {
  readonly folder: string;
  readonly files: readonly string[];
  readonly config: string;
  readonly goodLines: number;
  readonly badLines: number;
  readonly expiredLines: number;
}

const now = "2026-03-01T12:00:00Z";
const nowMs = Date.parse(now);
export const drillClock: readonly string[] = ["--now", now];

/** Small batches, so that a run goes through all its steps many times; short terms, so that a keyring is made quickly. */
export const drillSettings =
  "ingest: { batch_rows: 1000 }\nclasses: { standard: 30d }\nquarantine: { term: 30d }\n";

export async function writeDrillLogs(linesPerFile: number): Promise<DrillLogs> {
  const folder = await mkdtemp(join(tmpdir(), "hostlog-kill-"));
  const files: string[] = [];
  const counts = { goodLines: 0, badLines: 0, expiredLines: 0 };
  for (let file = 0; file < 3; file++) {
    const lines: string[] = [];
    for (let i = 0; i < linesPerFile; i++) lines.push(drillLine(file * linesPerFile + i, counts));
    const text = `${lines.join("\n")}\n`;
    const path = join(folder, file === 1 ? "access-1.log.gz" : `access-${file}.log`);
    await writeFile(path, file === 1 ? gzipSync(text) : text);
    files.push(path);
  }
  const configPath = join(folder, "hostlog.yaml");
  await writeFile(configPath, `node: web01\n${drillSettings}`);
  return { folder, files, config: configPath, ...counts };
}

/** An unreadable line has the day of the line before it, so none of them stands behind an expired one. */
function drillLine(
  number: number,
  counts: { goodLines: number; badLines: number; expiredLines: number },
): string {
  if (number % 100 === 13) {
    counts.badLines++;
    return `unreadable line ${number}`;
  }
  if (number % 100 === 17) {
    counts.expiredLines++;
    return combinedLine({ ms: Date.parse("2023-05-05T05:05:05Z"), request: `GET /line/${number} HTTP/1.1` });
  }
  counts.goodLines++;
  return combinedLine({
    ms: nowMs - (number % 3) * 86_400_000 - number,
    client: `198.51.100.${number % 250}`,
    request: `GET /line/${number} HTTP/1.1`,
  });
}

export function ingestArguments(logs: DrillLogs, store: string): readonly string[] {
  return ["ingest", "--config", logs.config, "--store", store, ...drillClock, ...logs.files];
}

/** The options of a run on a store of these logs that has its keys already: to make them anew each time takes long. */
export async function openDrillStore(
  logs: DrillLogs,
  store: string,
): Promise<{ readonly directory: string; readonly environment: Readonly<Record<string, string>> }> {
  const made = join(logs.folder, "made");
  const optionsOf = (path: string) => ({
    directory: logs.folder,
    environment: { HOSTLOG_KEYS: drillKeys(path) },
  });
  if (!existsSync(made)) {
    const words = ["init", "--small", "--config", logs.config, "--store", made, ...drillClock];
    const { status, stderr } = await runHostlog(words, optionsOf(made));
    if (status !== 0) throw new Error(`hostlog init ended with ${status}: ${stderr}`);
  }
  await cp(made, store, { recursive: true });
  await cp(drillKeys(made), drillKeys(store), { recursive: true });
  return optionsOf(store);
}

/** Where the keyring of a drill's store lies. */
export function drillKeys(store: string): string {
  return `${store}-keys`;
}

/** Why the store does not hold each line exactly once, by what its keyring opens; empty when it does. */
export async function findFaults(
  logs: DrillLogs,
  store: string,
  keysFolder: string = drillKeys(store),
): Promise<readonly string[]> {
  const faults: string[] = [];
  const verified = await runHostlog(["verify", "--store", store, "--output", "json"], {
    directory: logs.folder,
  });
  if (verified.status !== 0) faults.push(`verify ended with ${verified.status}: ${verified.stderr}`);
  else if ((JSON.parse(verified.stdout) as { findings: unknown[] }).findings.length > 0)
    faults.push(verified.stdout);
  const opened = `${store}-opened`;
  await unsealStore(store, keysFolder, opened);
  const expected = [
    ["raw", "path", logs.goodLines],
    ["analytics", "NULL", logs.goodLines],
    ["quarantine", "line", logs.badLines],
  ] as const;
  for (const [view, column, lines] of expected) {
    const { rows, distinct } = await countRows(join(view === "analytics" ? store : opened, view), column);
    if (rows !== lines) faults.push(`${view} holds ${rows} rows, not ${lines}`);
    if (column !== "NULL" && distinct !== lines)
      faults.push(`${view} holds ${distinct} different lines, not ${lines}`);
  }
  await rm(opened, { recursive: true });
  return faults;
}

async function countRows(root: string, column: string): Promise<{ rows: number; distinct: number }> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const reader = await connection.runAndReadAll(
      `SELECT count(*)::INTEGER, count(DISTINCT ${column})::INTEGER FROM read_parquet('${join(root, "*", "*.parquet")}')`,
    );
    const [rows, distinct] = reader.getRows()[0] as [number, number];
    return { rows, distinct };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Kills an ingest after so many ms, runs it again to its end, and says what is wrong then. */
export async function killAndRunAgain(
  logs: DrillLogs,
  name: string,
  killAfterMs: number,
  script?: string,
): Promise<{ readonly wasKilled: boolean; readonly faults: readonly string[] }> {
  const store = join(logs.folder, `store-${name}`);
  const options = { ...(await openDrillStore(logs, store)), ...(script === undefined ? {} : { script }) };
  try {
    const killed = await runHostlog(ingestArguments(logs, store), { ...options, killAfterMs });
    const again = await runHostlog(ingestArguments(logs, store), options);
    const wasKilled = killed.signal === "SIGKILL";
    if (again.status !== 0)
      return { wasKilled, faults: [`run again, it ended with ${again.status}: ${again.stderr}`] };
    return { wasKilled, faults: await findFaults(logs, store) };
  } finally {
    for (const folder of [store, drillKeys(store)]) await rm(folder, { recursive: true, force: true });
  }
}
