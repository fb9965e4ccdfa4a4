/** Rows of cells as lines, in columns; those of `numbers` stand at the right of theirs. No line ends in a space. */
export function renderTable(
  rows: readonly (readonly string[])[],
  numbers: readonly number[],
): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const align = (cell: string, column: number): string =>
    numbers.includes(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
  return rows.map((row) => row.map(align).join("  ").trimEnd());
}
