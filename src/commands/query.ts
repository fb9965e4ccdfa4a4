import { Command, Option } from "commander";
import { type QueryRun, runQuery } from "../../query/io/run-query.ts";
import { writeChunks } from "../../query/io/write-chunks.ts";
import type { QueryReport } from "../../query/query-report.ts";
import type { Question } from "../../query/question.ts";
import { type AskedQuestion, readColumns, readQuestion } from "../../query/read-question.ts";
import { renderCsv } from "../../query/render/csv.ts";
import { renderNdjson } from "../../query/render/ndjson.ts";
import { renderTable } from "../../query/render/table.ts";
import { exportColumns, tableColumns } from "../../query/result-column.ts";
import { rangeText, summaryOf } from "../../query/summary.ts";
import { canonicalZone } from "../../query/time/zone.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { sweepMemoryFolders } from "../memory-folder.ts";
import { withScratchFolder } from "../scratch-folder.ts";
import { terminalText } from "../terminal-text.ts";
import { addCommonOptions, type CommonOptions, type Context, type OpenContext } from "./context.ts";
import { withDaysOfHold } from "./hold-range.ts";
import { openCustodian } from "./open-custodian.ts";
import { openOpenedFolder } from "./opened-folder.ts";

type Output = "table" | "ndjson" | "csv";

interface QueryOptions extends CommonOptions, AskedQuestion {
  readonly timezone: string;
  readonly output?: Output;
  readonly limit?: string;
  readonly columns?: string;
}

/** What a person reads on one evening; a table says how many rows there are beyond it. */
const TABLE_ROWS_DEFAULT = 1000;

const explanation = `
Filters of one kind are alternatives; all kinds that are given must hold.
  --domain    example.org, or *.example.org for every name below it
  --address   an address or a network; also found in lists such as "192.0.2.1, 192.0.2.2"
  --path      the whole path, * is any run of characters; behind a ? comes a pattern for the query
  --from, --until   "2026-11-01 14:00", "2026-11-01 14:00 Europe/Amsterdam", 2026-11-01T14:00Z, today,
              "yesterday 14:00", "monday 09:00", "90 minutes ago", 22/Nov/2026:14:00:00 +0100, 1793538000
              --until is exclusive; a date alone is the whole day, as --until too
Without --since or --from the last 24 hours are looked at.
In a table, \\xHH and \\u{…} stand for bytes and characters that cannot be shown; they can be pasted into --path
and --agent. NDJSON and CSV are complete; a table shows ${TABLE_ROWS_DEFAULT} rows if there is no --limit.
Copies for holds are left out, as their rows are in the days' own objects too; when a day is destroyed, --hold finds them.
Sealed objects of raw are opened with keys that the custodian gives (custodian.url in the config, else the keyring
on this machine), in memory where there is room (/dev/shm, $XDG_RUNTIME_DIR, or $HOSTLOG_MEMORY alone where it is
given), else on disk, which is said. Objects whose key was destroyed are counted and left out.`;

/** `hostlog query`: who asked what of which site, when, from where. */
export function queryCommand(openContext: OpenContext): Command {
  const command = new Command("query")
    .description("finds requests in the stored access logs")
    .option("--domain <name>", "site, or *.name (repeatable)", collect, [])
    .option("--address <address>", "client's address or network (repeatable)", collect, [])
    .option("--since <duration>", "how far back, such as 15m, 2h, 2d, 1w")
    .option("--from <when>", "beginning, inclusive")
    .option("--until <when>", "end, exclusive (default: now)")
    .option("--timezone <zone>", "zone of the times given and shown, such as Europe/Amsterdam", "UTC")
    .option("--path <pattern>", "path, with * as wildcard (repeatable)", collect, [])
    .option("--status <status>", "404, 4xx or 500-599 (repeatable)", collect, [])
    .option("--method <method>", "request method (repeatable)", collect, [])
    .option("--agent <text>", "part of the user agent, in any case")
    .addOption(new Option("--view <view>", "what to search").choices(["raw", "analytics"]).default("raw"))
    .addOption(
      new Option("--output <format>", "default: table on a terminal, else ndjson").choices([
        "table",
        "ndjson",
        "csv",
      ]),
    )
    .option(
      "--hold <id>",
      "ask the copies that were made for this hold, and nothing else; by default all its days",
    )
    .option("--limit <rows>", "give at most this many rows, the earliest")
    .option("--columns <names>", "columns to give, with commas between them")
    .addHelpText("after", explanation)
    .action(async (options: QueryOptions) => runQueryCommand(options, await openContext(options)));
  return addCommonOptions(command);
}

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

async function runQueryCommand(options: QueryOptions, context: Context): Promise<void> {
  const { stdout, signal, nowMs, stateDirectory } = context;
  const startedMs = performance.now();
  const zone = readZone(options.timezone);
  const output = options.output ?? (isTerminal(stdout) ? "table" : "ndjson");
  const { question, notes } = readQuestion(await withDaysOfHold(context, options), {
    nowMs,
    zone,
    columns: columnsOf(options, output),
    limit: readLimit(options.limit) ?? (output === "table" ? TABLE_ROWS_DEFAULT : undefined),
  });
  say(context, [`looking in ${question.view} at ${rangeText(question, zone)}`, ...notes]);
  const store = await context.openRoot(question.view);
  await sweepMemoryFolders(context.memoryDirectories);
  const { end, report } = await withScratchFolder(stateDirectory, "query", async (scratchDirectory) => {
    const run = runQuery(question, {
      store,
      scratchDirectory,
      custodian: () => openCustodian(context),
      openedFolder: (neededBytes) => openOpenedFolder(context, scratchDirectory, neededBytes),
      signal,
    });
    const chunks = render(run, question, { output, zone, width: terminalWidth(stdout) });
    try {
      return { end: await writeChunks(chunks, stdout, signal), report: run.report() };
    } catch (error) {
      throw signal.aborted ? stoppedError(run.report()) : error;
    }
  });
  if (end === "closed") return;
  say(context, summaryOf(report, performance.now() - startedMs));
  if (report.keyless.length > 0) throw keylessError(report);
  if (report.vanished.length > 0) throw vanishedError(report);
}

interface Rendering {
  readonly output: Output;
  readonly zone: string;
  readonly width: number;
}

async function* render(
  run: QueryRun,
  question: Question,
  { output, zone, width }: Rendering,
): AsyncGenerator<string> {
  const { columns } = question;
  if (output === "ndjson") yield* renderNdjson(run.blocks, columns);
  else if (output === "csv") yield* renderCsv(run.blocks, columns);
  else {
    yield* renderTable(run.blocks, { columns, zone, width });
    yield* tableEnd(run.report());
  }
}

function* tableEnd({ rowsGiven, rowsMatched }: QueryReport): Generator<string> {
  const more = rowsMatched - rowsGiven;
  if (rowsMatched === 0) yield "no rows match\n";
  if (more > 0)
    yield `… and ${more} more rows: --limit ${rowsMatched} shows all, --output ndjson exports them\n`;
}

function columnsOf({ columns, view }: QueryOptions, output: Output): Question["columns"] {
  if (columns !== undefined) return readColumns(columns, view);
  return output === "table" ? tableColumns(view) : exportColumns(view);
}

function readZone(text: string): string {
  const zone = canonicalZone(text);
  if (zone !== undefined) return zone;
  throw new UserError(
    `--timezone: "${text}" is no time zone. Write it like UTC, Europe/Amsterdam or +01:00`,
    exitCode.usage,
  );
}

function readLimit(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,11}$/.test(text)) return Number(text);
  throw new UserError(`--limit: "${text}" is no number of rows. Write it like 5000`, exitCode.usage);
}

function stoppedError({ rowsGiven }: QueryReport): UserError {
  return new UserError(
    `stopped before the end: the ${rowsGiven} rows found so far are NOT the whole answer`,
    exitCode.partial,
  );
}

function vanishedError({ vanished }: QueryReport): UserError {
  return new UserError(
    `${vanished.length} objects were removed between listing and reading, so the answer is not complete. ` +
      "If retention ran meanwhile, asking again gives what is left; else look for who removed them",
    exitCode.partial,
  );
}

function keylessError({ keyless }: QueryReport): UserError {
  return new UserError(
    `${keyless.length} objects could not be opened, because there is no key for them, so the answer is not complete. ` +
      "If the keys were kept elsewhere, restore them (hostlog keys restore); hostlog keys verify shows which are missing",
    exitCode.integrity,
  );
}

/** Standard output carries the answer and nothing else. */
function say({ stderr }: Context, lines: readonly string[]): void {
  for (const line of lines) stderr.write(`${terminalText(line)}\n`);
}

function isTerminal(stream: NodeJS.WritableStream): boolean {
  return "isTTY" in stream && stream.isTTY === true;
}

/** Nothing is shortened where no terminal's edge is. */
function terminalWidth(stream: NodeJS.WritableStream): number {
  return isTerminal(stream) && "columns" in stream && typeof stream.columns === "number"
    ? stream.columns
    : Infinity;
}
