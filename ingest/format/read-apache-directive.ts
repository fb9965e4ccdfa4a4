import { formatError } from "./format-error.ts";
import type { PlacedText } from "./read-nginx-directive.ts";

export interface ApacheDirective {
  /** Undefined for a format without a name. */
  readonly name: string | undefined;
  readonly format: PlacedText;
}

/**
 * Takes `LogFormat "…" name` apart, or `CustomLog file "…"`. Anything else is a bare format string. Within
 * and without quotes, a backslash before a quote or a backslash is taken off (ap_getword_conf), for that is
 * how httpd.conf has to spell them; one format that is all in quotes loses those.
 */
export function readApacheDirective(text: string): ApacheDirective {
  const opening = /^\s*(?:LogFormat\s+|CustomLog\s+\S+\s+)"/i.exec(text)?.[0];
  if (opening !== undefined) {
    const { format, end } = readText(text, opening.length, true);
    return { name: /^\s*([^\s=]+)\s*$/.exec(text.slice(end))?.[1], format };
  }
  const start = text.length - text.trimStart().length;
  return { name: undefined, format: readText(text.trimEnd(), start, false).format };
}

function readText(text: string, start: number, isQuoted: boolean): { format: PlacedText; end: number } {
  let characters = "";
  const positions: number[] = [];
  for (let at = start; at < text.length; at++) {
    if (isQuoted && text.charAt(at) === '"') return { format: { characters, positions }, end: at + 1 };
    positions.push(at + 1);
    if (text.charAt(at) === "\\" && `"\\`.includes(text.charAt(at + 1) || "none")) at++;
    characters += text.charAt(at);
  }
  if (isQuoted) throw formatError(text, start, 'the " that opens here is never closed');
  return { format: { characters, positions }, end: text.length };
}
