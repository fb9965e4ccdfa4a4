import { formatError } from "./format-error.ts";

/** Text taken out of quotes and escapes, with the 1-based position from which each character came. */
export interface PlacedText {
  readonly characters: string;
  readonly positions: readonly number[];
}

export interface NginxDirective {
  /** Undefined for a bare format string. */
  readonly name: string | undefined;
  readonly escape: string;
  readonly format: PlacedText;
}

/**
 * Takes `log_format name [escape=…] 'piece' 'piece' …;` apart as nginx's own reader does (ngx_conf_read_token): words
 * and quoted pieces, comments between them, pieces joined with nothing between. Anything else is a bare
 * format string, and so are its quotes; only one that begins with `'` is read as pieces.
 */
export function readNginxDirective(text: string): NginxDirective {
  const start = text.length - text.trimStart().length;
  if (!/^(?:log_format\s|')/.test(text.slice(start))) {
    const characters = text.trim();
    return {
      name: undefined,
      escape: "default",
      format: { characters, positions: Array.from(characters, (_, index) => start + index + 1) },
    };
  }
  const words = readWords(text, start);
  const isWhole = words[0]?.isQuoted === false;
  const name = isWhole ? words[1]?.characters : undefined;
  const escape = isWhole ? /^escape=(.*)$/.exec(words[2]?.characters ?? "")?.[1] : undefined;
  const pieces = words.slice(isWhole ? (escape === undefined ? 2 : 3) : 0);
  if (pieces.length === 0)
    throw formatError(text, start + 1, "the log_format has a name but no format behind it");
  return {
    name,
    escape: escape ?? "default",
    format: {
      characters: pieces.map((piece) => piece.characters).join(""),
      positions: pieces.flatMap((piece) => piece.positions),
    },
  };
}

interface Word extends PlacedText {
  readonly isQuoted: boolean;
}

const controls: Readonly<Record<string, string>> = { t: "\t", r: "\r", n: "\n" };

function readWords(text: string, start: number): readonly Word[] {
  const words: Word[] = [];
  let at = start;
  while (at < text.length) {
    const char = text.charAt(at);
    if (char === ";") {
      if (text.slice(at + 1).trim() === "") return words;
      throw formatError(text, at + 2, "the directive ends before this; give one log_format only");
    }
    if (/\s/.test(char)) {
      at++;
    } else if (char === "#") {
      const lineEnd = text.indexOf("\n", at);
      at = lineEnd === -1 ? text.length : lineEnd;
    } else {
      const quote = char === "'" || char === '"' ? char : undefined;
      const word = readWord(text, quote === undefined ? at : at + 1, quote);
      words.push(word);
      at = word.end;
    }
  }
  return words;
}

/** Reads to the closing quote, or without one to white space or `;`. A backslash keeps what follows it. */
function readWord(text: string, start: number, quote: string | undefined): Word & { readonly end: number } {
  let characters = "";
  const positions: number[] = [];
  for (let at = start; at < text.length; at++) {
    let char = text.charAt(at);
    const isEnd = quote === undefined ? /[\s;]/.test(char) : char === quote;
    if (isEnd)
      return { characters, positions, isQuoted: quote !== undefined, end: quote === undefined ? at : at + 1 };
    positions.push(at + 1);
    const next = text.charAt(at + 1);
    if (char === "\\" && next !== "" && `"'\\ `.includes(next)) {
      char = next;
      at++;
    } else if (char === "\\" && controls[next] !== undefined) {
      char = controls[next];
      at++;
    }
    characters += char;
  }
  if (quote === undefined) return { characters, positions, isQuoted: false, end: text.length };
  throw formatError(text, start, `the ${quote} that opens here is never closed`);
}
