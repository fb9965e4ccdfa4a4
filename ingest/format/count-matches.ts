import { reasonCode } from "../../src/reason.ts";
import { createParsedLine, type LineFormat } from "./line-format.ts";
import { eachSampleLine } from "./sample-lines.ts";

/** How many of the lines of a log's head a format reads: a mistake in it shows before anything is stored. */
export function countMatches(
  format: LineFormat,
  sample: Uint8Array,
): { readonly matchedLines: number; readonly sampledLines: number } {
  const parser = format.open();
  const line = createParsedLine();
  let matchedLines = 0;
  const sampledLines = eachSampleLine(sample, (start, end) => {
    if (parser.parse(sample, start, end, line) === reasonCode.parsed) matchedLines++;
  });
  return { matchedLines, sampledLines };
}
