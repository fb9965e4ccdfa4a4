/** More lines than this say nothing new about a file's layout. */
const SAMPLE_LINES_MAX = 1000;

/**
 * Shows `take` where the lines of a log's head begin and end, without newline and carriage return, and returns
 * how many there were. A last line without a newline is left out, for it may have been cut, unless it is the
 * only one. Empty lines are not counted.
 */
export function eachSampleLine(sample: Uint8Array, take: (start: number, end: number) => void): number {
  let lines = 0;
  for (let start = 0; start < sample.length && lines < SAMPLE_LINES_MAX; ) {
    const newline = sample.indexOf(0x0a, start);
    if (newline === -1 && lines > 0) break;
    const next = newline === -1 ? sample.length : newline + 1;
    const end = endOfLine(sample, start, newline === -1 ? sample.length : newline);
    if (end > start) {
      lines++;
      take(start, end);
    }
    start = next;
  }
  return lines;
}

function endOfLine(sample: Uint8Array, start: number, end: number): number {
  return end > start && sample[end - 1] === 0x0d ? end - 1 : end;
}
