import { terminalText } from "../../src/terminal-text.ts";
import type { ResultColumn } from "../result-column.ts";
import type { Cell, Row } from "../row.ts";
import { createInstantFormat } from "../time/format-instant.ts";
import { columnWidths } from "./column-widths.ts";
import { displayWidth, shortened } from "./display-width.ts";

export interface TableOptions {
  readonly columns: readonly ResultColumn[];
  /** Columns of the terminal; Infinity shortens nothing. */
  readonly width: number;
  /** The zone of the times, a canonical IANA name. */
  readonly zone: string;
}

/** The widths are those of the first rows, so that a long answer need not be held; later cells may be shortened. */
const ROWS_MEASURED = 1000;

const GAP = "  ";

/** What servers write for a value that is not there. */
const ABSENT = "-";

/** Rows as an aligned table for people; every cell goes through `terminalText`. No rows: no text. */
export async function* renderTable(
  blocks: AsyncIterable<readonly Row[]>,
  options: TableOptions,
): AsyncGenerator<string, void, undefined> {
  const format = createInstantFormat(options.zone);
  const textsOf = (row: Row): readonly string[] =>
    options.columns.map(({ kind }, index) => textOf(row[index] ?? null, kind, format));
  let measured: (readonly string[])[] = [];
  let lineOf: LineOf | undefined;
  for await (const rows of blocks) {
    const texts = rows.map(textsOf);
    if (lineOf !== undefined) yield texts.map(lineOf).join("");
    else {
      measured = [...measured, ...texts];
      if (measured.length < ROWS_MEASURED) continue;
      lineOf = layOut(measured, options);
      yield beginning(measured, lineOf, options);
    }
  }
  if (lineOf === undefined && measured.length > 0)
    yield beginning(measured, layOut(measured, options), options);
}

type LineOf = (texts: readonly string[]) => string;

function beginning(rows: readonly (readonly string[])[], lineOf: LineOf, options: TableOptions): string {
  return [headings(options), ...rows].map(lineOf).join("");
}

function headings({ columns, zone }: TableOptions): readonly string[] {
  return columns.map(({ name, kind }) => (kind === "time" ? `${name} (${zone})` : name));
}

function layOut(rows: readonly (readonly string[])[], options: TableOptions): LineOf {
  const { columns, width } = options;
  const heads = headings(options);
  const wishes = columns.map(({ kind }, index) => ({
    natural: rows.reduce(
      (most, row) => Math.max(most, displayWidth(row[index] ?? "")),
      displayWidth(heads[index] ?? ""),
    ),
    isShortenable: kind === "text",
  }));
  const widths = columnWidths(wishes, width - GAP.length * (columns.length - 1));
  return (texts) => {
    const cells = columns.map(({ kind }, index) => fit(texts[index] ?? "", widths[index] ?? 0, kind));
    return `${cells.join(GAP).trimEnd()}\n`;
  };
}

function fit(text: string, width: number, kind: ResultColumn["kind"]): string {
  const cell = kind === "text" ? shortened(text, width) : text;
  const padding = " ".repeat(Math.max(0, width - displayWidth(cell)));
  return kind === "number" ? padding + cell : cell + padding;
}

function textOf(cell: Cell, kind: ResultColumn["kind"], format: (ms: number) => string): string {
  if (cell === null) return ABSENT;
  return kind === "time" && typeof cell === "number" ? format(cell) : terminalText(String(cell));
}
