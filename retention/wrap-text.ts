/** A line as several of at most `columns` characters, broken at spaces; those behind the first are indented by two more. */
export function wrapText(line: string, columns: number): readonly string[] {
  const indent = " ".repeat(line.length - line.trimStart().length);
  const lines: string[] = [];
  let current = indent;
  for (const word of line.trimStart().split(" ")) {
    const isStart = current.trim() === "";
    if (!isStart && current.length + 1 + word.length > columns) {
      lines.push(current);
      current = `${indent}  ${word}`;
    } else current += isStart ? word : ` ${word}`;
  }
  return [...lines, current];
}
