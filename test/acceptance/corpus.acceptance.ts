import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { IngestAccount } from "../../ingest/ingest-account.ts";
import { runHostlog } from "../support/run-hostlog.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const corpus = process.env["HOSTLOG_CORPUS"] ?? resolve("../shared/corpus");
const files = readFileSync(join(corpus, "logs", "INDEX.tsv"), "utf8")
  .split("\n")
  .slice(1)
  .flatMap((row) => row.split("\t")[2] ?? []);

/** The servers' own text for files that are in none of the presets' layouts, by a part of their name. */
const formats: readonly (readonly [part: string, format: string])[] = [
  [
    "/apache_csv/",
    'apache:%v,%p,%h,%l,%u,%t,%I,%O,%S,%B,%{ms}T,%D,%^FB,%>s,"%H","%m","%U","%q","%{Referer}i","%{User-Agent}i","%{VARNAME}C",%L',
  ],
  [
    "satyrius__gonx/",
    'nginx:$remote_addr [$time_local] "$request" $status $request_length $body_bytes_sent $request_time "$t_size" $read_time $gen_time',
  ],
  ["dfs-bootstrap.httpd", 'apache:%h %t "%r" %>s %b "%{Referer}i"'],
  [
    "nginx_http-catch-npm/",
    'nginx:[$time_local] $host $remote_addr $request_time "$request" $status $body_bytes_sent $request_length $http_referer $http_user_agent',
  ],
];

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** The clock for a file: a day after its newest line, so that as little as can be is past its term. */
function clockFor(text: string): string {
  let newest = Date.parse("2000-01-01T00:00:00Z");
  for (const [, day, month = "", year] of text.matchAll(/(\d{2})\/([A-Z][a-z]{2})\/(\d{4}):/g)) {
    const ms = Date.UTC(Number(year), months.indexOf(month), Number(day));
    if (months.includes(month) && ms > newest && Number(year) < 2100) newest = ms;
  }
  return new Date(newest + 2 * 86_400_000).toISOString();
}

/** Lines as anybody counts them: newlines, and one more if something follows the last. */
function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(0x0a); at !== -1; at = bytes.indexOf(0x0a, at + 1)) lines++;
  return bytes.length > 0 && bytes.at(-1) !== 0x0a ? lines + 1 : lines;
}

/** One row of the golden file: counts only, no word of any line. */
async function accountOf(file: string): Promise<string> {
  const bytes = gunzipSync(await readFile(join(corpus, file)));
  const folder = await temporaryFolder();
  const format = formats.find(([part]) => file.includes(part))?.[1] ?? "auto";
  const finished = await runHostlog(
    [
      "ingest",
      "--seal",
      "none",
      "--store",
      join(folder, "store"),
      "--now",
      clockFor(bytes.toString("latin1")),
      "--node",
      "corpus",
      "--format",
      format,
      "--output",
      "json",
      join(corpus, file),
    ],
    { directory: folder },
  );
  const account = JSON.parse(finished.stdout) as IngestAccount;
  const outcome = account.files[0]?.outcome;
  if (outcome?.kind === "empty") return "empty";
  if (outcome?.kind !== "read") {
    expect(finished.status).toBe(2);
    return outcome?.kind ?? "nothing";
  }
  expect(finished.status).toBe(0);
  const quarantined = Object.values(account.quarantined).reduce((sum, lines) => sum + lines, 0);
  expect(account.lines, `${file}: lines`).toBe(countLines(bytes));
  expect(account.stored + quarantined + account.refused, `${file}: sum`).toBe(account.lines);
  const reasons = Object.entries(account.quarantined).map(([reason, lines]) => `${reason} ${lines}`);
  return [
    format === "auto" ? outcome.format : "its own format",
    `${account.stored} stored`,
    ...(account.refused > 0 ? [`${account.refused} refused`] : []),
    ...(reasons.length > 0 ? [`quarantined: ${reasons.join(", ")}`] : []),
  ].join("; ");
}

describe("hostlog ingest of other people's logs", () => {
  it("accounts for each line of each file, as listed", async () => {
    const rows: string[] = [];
    for (const file of files) rows.push(`${file}: ${await accountOf(file)}`);
    await expect(`${rows.join("\n")}\n`).toMatchFileSnapshot("../golden/corpus/accounts.txt");
  });
});
