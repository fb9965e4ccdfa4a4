import { escapeRule } from "../../src/text.ts";
import { apacheMeaning, apacheTarget } from "./apache-directives.ts";
import { readApacheTime } from "./compile-time.ts";
import { type CompiledFormat, compileWalk } from "./compile-walk.ts";
import { formatError } from "./format-error.ts";
import type { FormatToken } from "./format-token.ts";
import { readApacheDirective } from "./read-apache-directive.ts";
import type { PlacedText } from "./read-nginx-directive.ts";

/** Modifiers and argument in any order, then the letter, or `^` and two: `%!200,304{Referer}i`, `%^FB`. */
const directivePattern = /^%((?:[!<>,\d]|\{[^}]*\})*)(\^[A-Za-z]{2}|[A-Za-z%])/;

const controls: Readonly<Record<string, string>> = { t: "\t", r: "\r", n: "\n", "\\": "\\" };

/**
 * Compiles Apache's own text: the string of a `LogFormat` as httpd.conf has it (`\"` for a quote), or the whole
 * directive with its quotes and its name. Throws {@link UserError} (config) with the position for what
 * cannot be read, and for a format whose lines nobody could read back.
 */
export function compileApache(text: string): CompiledFormat {
  const { name, format } = readApacheDirective(text);
  return compileWalk({
    name: name ?? text.trim(),
    escape: escapeRule.apache,
    tokens: joinTargets(readTokens(text, format)),
    fail: (position, message) => formatError(text, position, message),
  });
}

function readTokens(text: string, { characters, positions }: PlacedText): readonly FormatToken[] {
  const tokens: FormatToken[] = [];
  let at = 0;
  while (at < characters.length) {
    const char = characters.charAt(at);
    const control = char === "\\" ? controls[characters.charAt(at + 1)] : undefined;
    if (char !== "%") {
      tokens.push({ kind: "literal", text: control ?? char });
      at += control === undefined ? 1 : 2;
      continue;
    }
    const position = positions[at] ?? 1;
    const match = directivePattern.exec(characters.slice(at));
    if (match === null) {
      const message =
        "no directive begins so; write %% for a per cent sign, or close the { and name a letter";
      throw formatError(text, position, message);
    }
    const [source, modifiers = "", letter = ""] = match;
    tokens.push(...readDirective(source, modifiers, letter, position, text));
    at += source.length;
  }
  return tokens;
}

function readDirective(
  source: string,
  modifiers: string,
  letter: string,
  position: number,
  text: string,
): readonly FormatToken[] {
  if (letter === "%") return [{ kind: "literal", text: "%" }];
  const argument = /\{([^}]*)\}/.exec(modifiers)?.[1];
  const redirect = modifiers.replaceAll(/\{[^}]*\}/g, "").includes(">") ? ">" : "";
  if (letter !== "t") {
    return [{ kind: "value", source, position, meaning: apacheMeaning(letter, argument, redirect) }];
  }
  const time = readApacheTime(argument ?? "");
  if ("unknown" in time) {
    const message = `%${time.unknown} in a time depends on the server's language or is unknown; use %d %b %Y %H %M %S %z`;
    throw formatError(text, position, message);
  }
  const token: FormatToken = { kind: "time", source, position, time };
  if (argument !== undefined && argument !== "") return [token];
  return [{ kind: "literal", text: "[" }, token, { kind: "literal", text: "]" }];
}

/** Makes one target of `%U%q`, whose values have no end of their own. */
function joinTargets(tokens: readonly FormatToken[]): readonly FormatToken[] {
  const joined: FormatToken[] = [];
  for (const token of tokens) {
    const last = joined.at(-1);
    const isQuery = token.kind === "value" && token.meaning.slots[0] === "query";
    if (isQuery && last?.kind === "value" && last.meaning.slots.join() === "path") {
      joined[joined.length - 1] = { ...last, source: last.source + token.source, meaning: apacheTarget };
    } else {
      joined.push(token);
    }
  }
  return joined;
}
