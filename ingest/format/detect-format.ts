import { reasonCode } from "../../src/reason.ts";
import { createParsedLine, type LineFormat } from "./line-format.ts";
import { presetNames, presets } from "./presets.ts";

export interface LayoutCount {
  readonly format: LineFormat;
  readonly lines: number;
}

export type Detection =
  | {
      readonly kind: "found";
      readonly format: LineFormat;
      readonly matchedLines: number;
      readonly sampledLines: number;
      /** Other layouts of which the sample holds lines, most lines first. */
      readonly others: readonly LayoutCount[];
    }
  | {
      readonly kind: "unknown";
      readonly sampledLines: number;
      /** What most lines that could be read were, if any could. */
      readonly best: LayoutCount | undefined;
    };

/** More lines than this say nothing new about a file's layout. */
const SAMPLE_LINES_MAX = 1000;

/**
 * Finds the layout of most lines of the head of a log. No line fits two layouts, so nothing is guessed:
 * `unknown` when less than half of the lines fit any, or there is no line. A last line without a newline is left
 * out, for it may have been cut, unless it is the only one. Empty lines are not counted.
 */
export function detectFormat(sample: Uint8Array): Detection {
  const line = createParsedLine();
  const counts = presetNames.map((name) => ({
    format: presets[name],
    parser: presets[name].open(),
    lines: 0,
  }));
  let sampledLines = 0;
  for (let start = 0; start < sample.length && sampledLines < SAMPLE_LINES_MAX; ) {
    const newline = sample.indexOf(0x0a, start);
    if (newline === -1 && sampledLines > 0) break;
    const next = newline === -1 ? sample.length : newline + 1;
    const end = endOfLine(sample, start, newline === -1 ? sample.length : newline);
    if (end > start) {
      sampledLines++;
      const fitting = counts.find(
        ({ parser }) => parser.parse(sample, start, end, line) === reasonCode.parsed,
      );
      if (fitting !== undefined) fitting.lines++;
    }
    start = next;
  }
  // The sort is stable: of layouts with equally many lines the one that says most stays first.
  const found = counts
    .filter(({ lines }) => lines > 0)
    .map(({ format, lines }) => ({ format, lines }))
    .sort((a, b) => b.lines - a.lines);
  const [best, ...others] = found;
  const fittingLines = found.reduce((sum, { lines }) => sum + lines, 0);
  if (best === undefined || fittingLines * 2 < sampledLines) return { kind: "unknown", sampledLines, best };
  return { kind: "found", format: best.format, matchedLines: best.lines, sampledLines, others };
}

function endOfLine(sample: Uint8Array, start: number, end: number): number {
  return end > start && sample[end - 1] === 0x0d ? end - 1 : end;
}
