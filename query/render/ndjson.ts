import { unshowable } from "../../src/terminal-text.ts";
import type { ResultColumn } from "../result-column.ts";
import type { Row } from "../row.ts";
import { exportValue } from "./export-value.ts";

/**
 * Rows as one JSON object on a line each, with every column in its order, null where there is no value. It
 * loses nothing, and what a terminal should not get is written as JSON's own `\uXXXX`.
 */
export async function* renderNdjson(
  blocks: AsyncIterable<readonly Row[]>,
  columns: readonly ResultColumn[],
): AsyncGenerator<string, void, undefined> {
  for await (const rows of blocks) yield rows.map((row) => `${lineOf(row, columns)}\n`).join("");
}

function lineOf(row: Row, columns: readonly ResultColumn[]): string {
  const entries = columns.map((column, index) => [column.name, exportValue(row[index] ?? null, column)]);
  return JSON.stringify(Object.fromEntries(entries)).replaceAll(unshowable, escaped);
}

/** By UTF-16 unit, as RFC 8259 section 7 escapes what lies beyond U+FFFF. */
function escaped(character: string): string {
  return character.replaceAll(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
