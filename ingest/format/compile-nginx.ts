import { escapeRule } from "../../src/text.ts";
import { type CompiledFormat, compileWalk } from "./compile-walk.ts";
import { formatError } from "./format-error.ts";
import type { FormatToken } from "./format-token.ts";
import { nginxTarget, nginxTimes, nginxVariables, unkept } from "./nginx-variables.ts";
import { type PlacedText, readNginxDirective } from "./read-nginx-directive.ts";

const rules = { default: escapeRule.nginx, json: escapeRule.json, none: escapeRule.none } as const;

/**
 * Compiles nginx's own text: the string of a `log_format`, or the whole directive with its name, its `escape=`
 * and its pieces. Throws {@link UserError} (config) with the position for what nginx would refuse too, and for
 * a format whose lines nobody could read back: two values with nothing between them, or no time.
 */
export function compileNginx(text: string): CompiledFormat {
  const directive = readNginxDirective(text);
  const rule = Object.hasOwn(rules, directive.escape) ? directive.escape : undefined;
  if (rule === undefined) {
    throw formatError(text, 1, `escape=${directive.escape} is none; nginx knows default, json and none`);
  }
  return compileWalk({
    name: directive.name ?? text.trim(),
    escape: rules[rule as keyof typeof rules],
    tokens: joinTargets(readTokens(text, directive.format)),
    fail: (position, message) => formatError(text, position, message),
  });
}

function readTokens(text: string, { characters, positions }: PlacedText): readonly FormatToken[] {
  const tokens: FormatToken[] = [];
  let literal = "";
  let at = 0;
  while (at < characters.length) {
    if (characters[at] !== "$") {
      literal += characters[at++];
      continue;
    }
    const position = positions[at] ?? 1;
    const match = /^\$(?:\{(\w+)\}|(\w+))/.exec(characters.slice(at));
    if (match === null) {
      throw formatError(text, position, "a variable's name must follow the $, as in $status or ${status}");
    }
    const source = match[0];
    const name = (match[1] ?? match[2] ?? "").toLowerCase();
    const time = Object.hasOwn(nginxTimes, name) ? nginxTimes[name] : undefined;
    const known = Object.hasOwn(nginxVariables, name) ? nginxVariables[name] : undefined;
    tokens.push({ kind: "literal", text: literal });
    tokens.push(
      time === undefined
        ? { kind: "value", source, position, meaning: known ?? unkept }
        : { kind: "time", source, position, time },
    );
    literal = "";
    at += source.length;
  }
  tokens.push({ kind: "literal", text: literal });
  return tokens.filter((token) => token.kind !== "literal" || token.text !== "");
}

/** Makes one target of `$uri$is_args$args`, whose values have no end of their own. */
function joinTargets(tokens: readonly FormatToken[]): readonly FormatToken[] {
  const joined: FormatToken[] = [];
  for (const token of tokens) {
    const [path, mark] = joined.slice(-2);
    const isQuery = token.kind === "value" && token.meaning.slots[0] === "query";
    const isMark = mark?.kind === "value" && /^\$\{?is_args\}?$/.test(mark.source);
    const isPath = path?.kind === "value" && path.meaning.slots.join() === "path";
    if (isQuery && isMark && isPath) {
      joined.splice(-2, 2, {
        ...path,
        source: path.source + mark.source + token.source,
        meaning: nginxTarget,
      });
    } else {
      joined.push(token);
    }
  }
  return joined;
}
