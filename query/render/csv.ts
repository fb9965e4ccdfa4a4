import { writeToString } from "fast-csv";
import { terminalText } from "../../src/terminal-text.ts";
import type { ResultColumn } from "../result-column.ts";
import type { Cell, Row } from "../row.ts";
import { exportValue } from "./export-value.ts";

/**
 * What spreadsheets take for the beginning of a formula (OWASP ASVS 1.2.10): = + - @, their full-width and
 * small variants, the minus sign; behind blanks and invisible characters, too. TAB, CR and LF at
 * the beginning are blanks that some of them skip, so they count as well. So does the apostrophe that we put
 * in front, so that taking one away always gives back what was stored.
 */
const formulaStart =
  /^(?:[\t\r\n']|[\s\p{Cf}\p{Cc}\p{Default_Ignorable_Code_Point}]*[=+\-@＝＋－＠﹦﹢﹣﹫−])/u;

/**
 * Rows as CSV (RFC 4180, lines ending in LF) with a heading, also when there are no rows. Text that a
 * spreadsheet would compute gets an apostrophe in front; what cannot be shown is written `\u{…}`, NUL
 * included, which the CSV writer would drop without a word. A missing value is an empty cell.
 */
export async function* renderCsv(
  blocks: AsyncIterable<readonly Row[]>,
  columns: readonly ResultColumn[],
): AsyncGenerator<string, void, undefined> {
  yield await csvLines([columns.map(({ name }) => name)]);
  for await (const rows of blocks) {
    if (rows.length === 0) continue;
    yield await csvLines(
      rows.map((row) => columns.map((column, index) => cellText(row[index] ?? null, column))),
    );
  }
}

async function csvLines(rows: string[][]): Promise<string> {
  return writeToString(rows, { headers: false, includeEndRowDelimiter: true, rowDelimiter: "\n" });
}

function cellText(cell: Cell, column: ResultColumn): string {
  const value = exportValue(cell, column);
  if (value === null) return "";
  return typeof value === "string" && column.kind === "text" ? terminalText(harmless(value)) : String(value);
}

function harmless(text: string): string {
  return formulaStart.test(text) ? `'${text}` : text;
}
