import { reasonCode } from "../../src/reason.ts";
import type { LineFormat, LineParser } from "./line-format.ts";
import { refuseLine } from "./set-field.ts";

export interface MixedFormat extends LineFormat {
  open(): MixedParser;
}

export interface MixedParser extends LineParser {
  /** How many lines each layout has read so far, the main one first. */
  countLines(): readonly { readonly format: LineFormat; readonly lines: number }[];
}

/**
 * A format for files that hold lines of several layouts, as after a change of the server's config: a line is
 * read by `main`, and where that fails by the first of `others` that can. Nothing is tried that escapes in
 * another way than `main`, for the spans of a line do not say how they were escaped. A line that none can
 * read has the reason of the first that found more wrong with it than its shape.
 */
export function createMixedFormat(main: LineFormat, others: readonly LineFormat[]): MixedFormat {
  const formats = [main, ...others.filter((other) => other !== main && other.escape === main.escape)];
  return {
    name: main.name,
    escape: main.escape,
    namesDomain: main.namesDomain,
    open: () => openMixed(formats),
  };
}

function openMixed(formats: readonly LineFormat[]): MixedParser {
  const parsers = formats.map((format) => format.open());
  const lines = formats.map(() => 0);
  return {
    parse(bytes, start, end, line) {
      let reason: number = reasonCode.shape;
      let timeMs = Number.NaN;
      for (let i = 0; i < parsers.length; i++) {
        const found = (parsers[i] as LineParser).parse(bytes, start, end, line);
        if (found === reasonCode.parsed) {
          lines[i] = (lines[i] as number) + 1;
          return found;
        }
        if (reason === reasonCode.shape) reason = found;
        if (Number.isNaN(timeMs)) timeMs = line.timeMs;
      }
      return refuseLine(line, timeMs, reason);
    },
    countLines: () => formats.map((format, i) => ({ format, lines: lines[i] ?? 0 })),
  };
}
