import { reasonCode } from "../../src/reason.ts";
import { createParsedLine, type LineFormat } from "./line-format.ts";
import { presetNames, presets } from "./presets.ts";
import { eachSampleLine } from "./sample-lines.ts";

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
  const sampledLines = eachSampleLine(sample, (start, end) => {
    const fitting = counts.find(({ parser }) => parser.parse(sample, start, end, line) === reasonCode.parsed);
    if (fitting !== undefined) fitting.lines++;
  });
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
