import { storedText } from "./stored-text.ts";

/** Literal pieces of stored text with any run of characters between each two; one piece alone is the whole. */
export type TextPattern = readonly string[];

export interface PathPattern {
  readonly path: TextPattern;
  /** Undefined: any query, or none. */
  readonly query: TextPattern | undefined;
}

/**
 * Reads `/wp-login.php`, `/shop/*`, `*.bak?id=*`: `*` is any run of characters, what stands behind the first
 * `?` is a pattern for the query, and everything else is literal and case-sensitive. A literal `*` or `?` is
 * written `\x2A` or `\x3F`.
 */
export function parsePathPattern(typed: string): PathPattern {
  const mark = typed.indexOf("?");
  if (mark === -1) return { path: parseTextPattern(typed), query: undefined };
  return { path: parseTextPattern(typed.slice(0, mark)), query: parseTextPattern(typed.slice(mark + 1)) };
}

function parseTextPattern(typed: string): TextPattern {
  return typed.split(/\*+/).map(storedText);
}
